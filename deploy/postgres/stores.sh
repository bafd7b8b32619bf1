#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Made by tools/gen_deploy.py from topics.yaml: ./dev deploy writes it anew.
# Makes the schemas of the stores where a consumer's file says (store = postgresql://USER:PASSWORD@...): stores.sh FILE STORES.SQL
# The password goes by the environment: what stands on a command line others can read.
set -euo pipefail
url=$(sed -n 's/^store *= *//p' "$1")
if [[ $url =~ ^([a-z]+://[^:@/]*):([^@/]*)@(.*)$ ]]; then
    password=${BASH_REMATCH[2]//\\/\\\\}
    printf -v PGPASSWORD %b "${password//%/\\x}"
    export PGPASSWORD
    url=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
fi
exec psql -qX -v ON_ERROR_STOP=1 -f "$2" "$url"
