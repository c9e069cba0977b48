export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/**
 * The scripts that complete the words after `ralph` in a shell. They call `ralph complete -- WORD…`, which prints one candidate
 * and its meaning per line. If it prints nothing, the shell completes file names.
 */
export const completionScripts: { readonly [shell in Shell]: string } = {
  bash: `# ralph completion bash: put this into ~/.bashrc:  source <(ralph completion bash)
_ralph() {
  local value text
  COMPREPLY=()
  while IFS=$'\\t' read -r value text; do
    COMPREPLY+=("$value")
  done < <(ralph complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _ralph ralph
`,
  zsh: `#compdef ralph
# ralph completion zsh: put this into ~/.zshrc, behind compinit:  source <(ralph completion zsh)
_ralph() {
  local value text
  local -a found
  while IFS=$'\\t' read -r value text; do
    found+=("\${value//:/\\\\:}:$text")
  done < <(ralph complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe ralph found; else _files; fi
}
compdef _ralph ralph
`,
  fish: `# ralph completion fish: ralph completion fish > ~/.config/fish/completions/ralph.fish
function __ralph_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l found (ralph complete -- $before[2..-1] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c ralph -f -a '(__ralph_complete)'
`
}
