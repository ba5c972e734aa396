"""A feature that the Python package pruned, with what it then encodes and decodes.

    HF_HUB_OFFLINE=1 PYTHON make_pruned.py

Reads gpt2/ (of make_golden.py), prunes the feature to 45 % of its weights by decoder weight, which leaves whole tensors,
masks and places, and writes gpt2/pruned/ with expected.safetensors: the gradient on the kept weights, h, and dec(h).
"""
import os
import torch
from safetensors.torch import load_file, save_file
from gradiend.model.param_mapped import ParamMappedGradiendModel

here = os.path.dirname(os.path.abspath(__file__)) + "/gpt2"
torch.set_num_threads(1)
golden = load_file(here + "/golden.safetensors")
model = ParamMappedGradiendModel.from_pretrained(here + "/gradiend")
# The largest of W_d, all of the token embedding and little of one matrix: every form of a mapping.
importance = golden["last.after3.decoder.0.linear.weight"].flatten().abs().clone()
offset = 0
for entry in model.param_map.items():
    name, spec = entry
    count = int(torch.tensor(spec["shape"]).prod())
    if name.endswith("wte.weight"):
        importance[offset:offset + count] += 10
    if name.endswith("h.1.mlp.c_fc.weight"):
        importance[offset + 5:offset + count] = 0
    offset += count
model, kept = model.prune(topk=0.45, importance=importance, inplace=False, return_mask=True)
gradient = golden["next.factual"][kept]
output, h = model(gradient, return_encoded=True)
model.save_pretrained(here + "/pruned")
save_file({"gradient": gradient.contiguous(), "h": h.detach().flatten(), "output": output.detach().contiguous()},
          here + "/pruned/expected.safetensors")
print(h.item(), gradient.shape, os.listdir(here + "/pruned"))
