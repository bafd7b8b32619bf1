#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lint and evolution check of schemas in a pull request; what deploy/ci/action.yml runs.
#   MILLRACE  the program                 FOLDER  the project, below the repository's top
#   AGAINST   branch, tag or commit       FORMAT  of the findings
#   READERS   table of `schema readers`   FAIL_ON error, warning or note
#   DEPTH     commits of the base that are brought, for transitive levels
# Exit status: 0 clean, 100 findings, else it could not be checked.
set -u
millrace=${MILLRACE:-millrace}
folder=${FOLDER:-.}
base=${AGAINST:-${GITHUB_BASE_REF:-main}}
format=${FORMAT:-github-actions}
fail_on=${FAIL_ON:-error}

# A workflow's clone has one commit: the base is brought with its history, and nothing is checked out.
if ! git rev-parse --verify --quiet "$base^{commit}" >/dev/null &&
    ! git rev-parse --verify --quiet "refs/remotes/origin/$base^{commit}" >/dev/null; then
    git fetch --quiet --depth "${DEPTH:-1000}" origin "$base:refs/remotes/origin/$base" || exit 1
fi

worst=0
run() {
    status=0
    "$millrace" "$@" || status=$?
    case $status:$worst in
        0:* | 100:[!0]*) ;;
        *) worst=$status ;;
    esac
}
run schema lint "$folder" --error-format "$format" --fail-on "$fail_on"
run schema check "$folder" --against "$base" --error-format "$format" --fail-on "$fail_on" ${READERS:+--readers "$READERS"}
exit "$worst"
