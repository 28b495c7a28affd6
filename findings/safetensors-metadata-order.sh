#!/usr/bin/env bash
# The same tensors with the same metadata give different safetensors files.
#
# safetensors 0.8.0 (Python and Rust): tensors are written in a fixed order, so one expects that equal
# input gives equal bytes. But metadata is kept in a hash map with a random seed for each process. With
# two keys or more, their order in the file differs from run to run, and so does the file's checksum.
# With one key the bytes are always the same: whoever wants reproducible files packs all metadata into
# one key, as JSON.
#
# Seen with safetensors 0.8.0, numpy 2.4.6, Python 3.11: 8 processes wrote 8 different files with six
# keys, and 1 file with one key.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet safetensors==0.8.0 numpy==2.4.6

cat > "$folder/write.py" <<'PYTHON'
import hashlib, sys
import numpy
from safetensors.numpy import save

metadata = {f"key{i}": "value" for i in range(int(sys.argv[1]))}
print(hashlib.sha256(save({"weight": numpy.zeros(3, numpy.float32)}, metadata)).hexdigest())
PYTHON

files() {
  for _ in 1 2 3 4 5 6 7 8; do "$folder/python/bin/python" "$folder/write.py" "$1"; done | sort -u | wc -l
}
six=$(files 6)
one=$(files 1)
echo "8 processes: $six different files with six keys of metadata, $one with one key"
[ "$six" -gt 1 ] && [ "$one" -eq 1 ]
