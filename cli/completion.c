/* SPDX-License-Identifier: Apache-2.0 */
/* millrace completion SHELL: a script that asks `millrace completion words` what may come next. */
#include <stdio.h>
#include <string.h>

#include "complete.h"
#include "millrace/error.h"
#include "verb.h"

static const char bash[] =
    "# bash completion for millrace\n"
    "_millrace() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} line\n"
    "    local -a words=(\"${COMP_WORDS[@]:1:COMP_CWORD}\")\n"
    "    # bash cuts at '=' and ':'\n"
    "    if declare -F _get_comp_words_by_ref >/dev/null; then\n"
    "        local cur cword; local -a words_all\n"
    "        _get_comp_words_by_ref -n =: -c cur -w words_all -i cword\n"
    "        word=$cur words=(\"${words_all[@]:1:cword}\")\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
    "        :folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n"
    "        *) COMPREPLY+=(\"${line%%$'\\t'*}\") ;;\n"
    "        esac\n"
    "    done < <(\"${COMP_WORDS[0]}\" completion words \"${words[@]}\" 2>/dev/null)\n"
    "    # readline replaces only what follows its last word break\n"
    "    if [[ $word == --*=* && $COMP_WORDBREAKS == *=* ]]; then "
    "COMPREPLY=(\"${COMPREPLY[@]#*=}\"); fi\n"
    "    if declare -F __ltrim_colon_completions >/dev/null; then\n"
    "        __ltrim_colon_completions \"$word\"\n"
    "    fi\n"
    "}\n"
    "complete -F _millrace millrace\n";

static const char zsh[] =
    "#compdef millrace\n"
    "_millrace() {\n"
    "    local line; local -a found\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :files) _files; return ;;\n"
    "        :folders) _files -/; return ;;\n"
    "        *) found+=(\"${${line//:/\\\\:}/$'\\t'/:}\") ;;\n"
    "        esac\n"
    "    done < <(\"$words[1]\" completion words \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
    "    _describe millrace found\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _millrace ]; then _millrace \"$@\"; else compdef _millrace millrace; "
    "fi\n";

static const char fish[] =
    "# fish completion for millrace\n"
    "function __millrace\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    for line in ($words[1] completion words $words[2..-1] 2>/dev/null)\n"
    "        switch $line\n"
    "            case :files\n"
    "                __fish_complete_path (commandline -ct)\n"
    "            case :folders\n"
    "                __fish_complete_directories (commandline -ct)\n"
    "            case '*'\n"
    "                echo $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c millrace -f -a '(__millrace)'\n";

static const struct {
    const char *name, *text;
} shells[] = {{"bash", bash}, {"fish", fish}, {"zsh", zsh}};

static const struct mr_command completion_command = {
    .name = "completion",
    .program = "millrace",
    .synopsis = "SHELL",
    .summary = "Prints the completion script for bash, fish or zsh",
    .details =
        "The script asks 'millrace completion words' for what may come next, so that it stays "
        "right when verbs, options or topics change.",
    .examples =
        "source <(millrace completion bash)\tfor this bash\n"
        "millrace completion fish >~/.config/fish/completions/millrace.fish\tfor every fish\n",
};

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    char unused = 0;
    int status;
    size_t n;

    if (!verb_options(&completion_command, argc, argv, &unused, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    for (size_t i = 0; n == 1 && i < MR_N_ELEMENTS(shells); i++)
        if (strcmp(words[0], shells[i].name) == 0)
            return fputs(shells[i].text, stdout) >= 0 ? 0 : 1;
    return verb_fail(&completion_command,
                     mr_error_set(&error, MR_INVALID, "SHELL must be bash, fish or zsh"), &error);
}

const struct verb verb_completion = {.command = &completion_command, .run = run};

static const struct mr_command words_command = {
    .name = "completion words",
    .program = "millrace",
    .synopsis = "WORD...",
    .summary = "Prints what may come next; the completion scripts ask it",
};

/* The words are somebody's unfinished command line: none of them is an option of ours. */
static int run_words(int argc, char **argv)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    return verb_print(complete(argv + 1, (size_t)argc - 1, &out), &out);
}

const struct verb verb_completion_words = {.command = &words_command, .run = run_words};
