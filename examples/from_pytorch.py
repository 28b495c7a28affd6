#!/usr/bin/env python3
"""Write from_pytorch.safetensors: a small network by PyTorch, and what it answers.

    pip install torch safetensors numpy
    python from_pytorch.py

The file next to this script was written with PyTorch 2.15.0 on a CPU. It holds the
state_dict of the network (0.weight, 0.bias, 2.weight, 2.bias, in bfloat16 to keep it
small), and under "example.inputs" and "example.outputs" four inputs and the outputs
that PyTorch computes for them, in float64.
"""
import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(472)
# The hidden layer is square: its matrix has the same shape when it is transposed.
network = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
network = network.to(torch.bfloat16)
tensors = dict(network.state_dict())

network = network.to(torch.float64)
inputs = torch.randn(4, 3, dtype=torch.float64)
tensors["example.inputs"] = inputs
tensors["example.outputs"] = network(inputs).detach()
save_file(tensors, pathlib.Path(__file__).with_suffix(".safetensors"))
