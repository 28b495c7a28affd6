#!/usr/bin/env bash
# PyTorch's cross-entropy of a masked class depends on how the target is written, but its gradient does not.
#
# Masking a class by a logit of -infinity is common. For logits (0, 1, -inf) and the target class 1, the
# loss is ln(1 + e^-1) = 0.3133. PyTorch 2.15.0 gives that if the target is the index 1. If the same
# target is written as probabilities (0, 1, 0), the loss is NaN, since 0 times -infinity is added. The
# gradient is right both times, so training goes on as if nothing had happened while the loss curve is
# NaN.
#
# Seen with torch 2.15.0, on the CPU: "index 0.3133, probabilities nan, gradients equal True".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet torch==2.15.0
cat > "$folder/loss.py" <<'PYTHON'
import torch
from torch.nn.functional import cross_entropy

def loss(target):
    logits = torch.tensor([[0.0, 1.0, float("-inf")]], dtype=torch.float64, requires_grad=True)
    value = cross_entropy(logits, target)
    value.backward()
    return value.item(), logits.grad

index, of_index = loss(torch.tensor([1]))
probabilities, of_probabilities = loss(torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64))
equal = torch.equal(of_index, of_probabilities)
print(f"index {index:.4f}, probabilities {probabilities}, gradients equal {equal}")
PYTHON
seen=$("$folder/python/bin/python" "$folder/loss.py")
echo "$seen"
[ "$seen" = "index 0.3133, probabilities nan, gradients equal True" ]
