#!/usr/bin/env bash
# The gradients of PyTorch's two maxima differ where a row holds one NaN.
#
# torch.max(x, 1) and torch.amax(x, 1) have the same value, NaN, for the row (1, NaN, 3). Going back,
# PyTorch 2.15.0 gives the gradient 1 to the NaN alone for max, and NaN to the whole row for amax, which
# divides by the number of elements that equal the maximum: none, as NaN equals nothing. So one bad
# value stays where it is with max and spreads to all parameters with amax.
#
# Seen with torch 2.15.0, on the CPU: "max [0.0, 1.0, 0.0], amax [nan, nan, nan]".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet torch==2.15.0
cat > "$folder/maxima.py" <<'PYTHON'
import torch

def gradient(maximum):
    x = torch.tensor([[1.0, float("nan"), 3.0]], requires_grad=True)
    maximum(x).sum().backward()
    return x.grad[0].tolist()

print(f"max {gradient(lambda x: torch.max(x, 1).values)}, amax {gradient(lambda x: torch.amax(x, 1))}")
PYTHON
seen=$("$folder/python/bin/python" "$folder/maxima.py")
echo "$seen"
[ "$seen" = "max [0.0, 1.0, 0.0], amax [nan, nan, nan]" ]
