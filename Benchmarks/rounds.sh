# Sourced: times `command_of TOOL` for all of $tools in $rounds rounds, and prints one line for each; $work is a directory for
# what is between. Rounds are short and take turns, so that a drift of the machine meets all alike.
for round in $(seq "$rounds"); do
    for tool in $tools; do
        hyperfine -N --style none --warmup 2 --runs 40 --export-json "$work/$tool-$round.json" \
            "$(command_of "$tool")" >/dev/null
    done
done
for tool in $tools; do
    jq -rs --arg tool "$tool" '[.[].results[0].times[]] | sort | "\($tool)\tmedian \(.[length / 2 | floor] * 1e6 | round) µs, mean \(add / length * 1e6 | round) µs, \(length) runs"' \
        "$work/$tool"-[0-9]*.json
done
