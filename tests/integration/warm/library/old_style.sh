#!/bin/sh
# Arguments as key=value in a file.
. "$1"
printf '{"changed": false, "word": "%s"}' "$word"
