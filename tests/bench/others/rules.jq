# Rules only: jq 1.6 has base64, and of percent-decoding nothing. What Akamai encodes in a facet are these four.
def facet:
  if type != "string" then . else
    gsub("%3[bB]"; ";") | gsub("%3[dD]"; "=") | gsub("%2[bB]"; "+") | gsub("%2[fF]"; "/")
    | split(";") | map(. as $item | try @base64d catch $item)
  end;
.attackData |= with_entries(if .key | startswith("rule") then .value |= facet else . end)
