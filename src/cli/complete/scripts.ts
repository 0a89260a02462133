/** What a shell runs when Tab is pressed. Each asks the program itself, so that it never knows less than that. */
export const scripts = {
  bash: `# bash completion for tsclone; load it with: source <(tsclone completion bash)

_tsclone() {
    local program=\${1/#\\~\\//$HOME/} lines line directive quotes=
    type -P -- "$program" >/dev/null || program=tsclone
    COMPREPLY=()
    lines=$("$program" __completeLine "$COMP_WORDBREAKS" "\${COMP_LINE:0:COMP_POINT}" </dev/null 2>/dev/null) || return
    directive=\${lines##*:}
    while IFS= read -r line; do
        [[ $line == ":$directive" ]] && continue
        COMPREPLY+=("$line")
        [[ $line == *[!A-Za-z0-9._/:=@%+,-]* ]] && quotes=yes
    done <<<"$lines"
    # Names with blanks get quotes as file names do; bash 3 has no compopt.
    [[ $quotes ]] && compopt -o filenames 2>/dev/null
    ((directive & 2)) && compopt -o nospace 2>/dev/null
    if ((\${#COMPREPLY[@]} == 0 && !(directive & 4))); then
        compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$2"))
    fi
}

complete -F _tsclone tsclone
`,
  zsh: `#compdef tsclone
# zsh completion for tsclone; load it with: source <(tsclone completion zsh)

_tsclone() {
    local -a lines closed closedText open openText
    local line value text directive
    lines=("\${(@f)$("\${(Q)words[1]}" __complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" </dev/null 2>/dev/null)}")
    directive=\${lines[-1]#:}
    lines=("\${(@)lines[1,-2]}")
    for line in "\${(@)lines}"; do
        value=\${line%%$'\\t'*}
        text=$value
        [[ $line == *$'\\t'* ]] && text="$value  -- \${line#*$'\\t'}"
        if [[ $value == *[:/=] ]]; then
            open+=("$value") openText+=("$text")
        else
            closed+=("$value") closedText+=("$text")
        fi
    done
    # What is to be typed on gets no blank behind it.
    ((\${#open})) && compadd -l -S '' -d openText -a open
    ((\${#closed})) && compadd -l -d closedText -a closed
    if ((\${#lines} == 0 && !(directive & 4))); then
        compset -P '--*='
        _files
    fi
}

if [[ \${funcstack[1]} == _tsclone ]]; then
    _tsclone "$@"
else
    compdef _tsclone tsclone
fi
`,
  fish: `# fish completion for tsclone; load it with: tsclone completion fish | source

function __tsclone_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l plain (string unescape -- $current)
    and set current $plain
    set -l lines (tsclone __complete $words[2..-1] "$current" </dev/null 2>/dev/null)
    or return
    set -l directive (string sub -s 2 -- $lines[-1])
    set -e lines[-1]
    if test (count $lines) -eq 0 -a (math "bitand($directive, 4)") -eq 0
        __fish_complete_path "$current"
    else
        printf '%s\\n' $lines
    end
end

complete -c tsclone -e
complete -c tsclone -f -a '(__tsclone_complete)'
`,
} as const;
