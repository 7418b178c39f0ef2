#!/bin/sh
# WANT_JSON: a module in another language.
printf '{"changed": false, "shell": true, "arguments": "%s", "folder": "%s"}' "$(grep -o '"word": "[^"]*"' "$1" | tr -d '"')" "$(basename "$PWD")"
