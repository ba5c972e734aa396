"""Golden edge scores by TransformerLens 3 hooks and autograd, in double precision.
Usage: python make_golden.py
Of the two-layer model of ../transformer-lens, for a logit difference on its two prompts, writes golden.safetensors beside
this script: edge attribution patching ("eap", and by position "eap_by_pos"), with integrated gradients of 5 steps ("ig5"),
what corrupting each edge alone changes ("exact"), all [source, destination] in the EAP-IG package's order, the metric of
the clean run with all edges but every third one corrupted ("circuit"), and the metric of both runs ("ends"). Parts are split by use_attn_result, use_split_qkv_input and use_hook_mlp_in; nothing else is shared with what
is tested."""
import os, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from safetensors.torch import load_file, save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

here = Path(__file__).parent
clean, corrupted = torch.tensor([[0, 5, 17, 33, 64, 90]]), torch.tensor([[0, 5, 71, 33, 64, 90]])
answer, wrong = 11, 42
config = HookedTransformerConfig(n_layers=2, d_model=32, n_ctx=32, d_head=8, n_heads=4, d_mlp=64, d_vocab=97,
    act_fn="gelu_new", normalization_type="LN", eps=1e-5, device="cpu", dtype=torch.float64)
model = HookedTransformer(config)
state = {k: v.double() for k, v in load_file(here.parent / "transformer-lens/tiny_raw.safetensors").items()}
model.load_and_process_state_dict(state, fold_ln=False, center_writing_weights=False, center_unembed=False,
    fold_value_biases=False, refactor_factored_attn_matrices=False)
model.set_use_attn_result(True); model.set_use_split_qkv_input(True); model.set_use_hook_mlp_in(True)

# Source: name, hook, head. Destination: name, hook, head, how many sources stand before it.
sources, destinations = [("input", "hook_embed", None)], []
for l in range(2):
    for c in "qkv":
        destinations += [(f"a{l}.h{h}<{c}>", f"blocks.{l}.hook_{c}_input", h, len(sources)) for h in range(4)]
    sources += [(f"a{l}.h{h}", f"blocks.{l}.attn.hook_result", h) for h in range(4)]
    destinations.append((f"m{l}", f"blocks.{l}.hook_mlp_in", None, len(sources)))
    sources.append((f"m{l}", f"blocks.{l}.hook_mlp_out", None))
destinations.append(("logits", "blocks.1.hook_resid_post", None, len(sources)))


def metric(logits):
    return logits[0, -1, answer] - logits[0, -1, wrong]


def part(value, head):
    return value[0] if head is None else value[0, :, head]


with torch.no_grad():
    _, there = model.run_with_cache(clean)
    _, here_ = model.run_with_cache(corrupted)
changes = [part(here_[hook], head) - part(there[hook], head) for _, hook, head in sources]


def scores(embed=None):
    """[pos, source, destination] of the gradients at the clean prompt, or at another embedding."""
    model.zero_grad()
    gradients = {}
    forward = [] if embed is None else [("hook_embed", lambda value, hook: embed)]
    backward = [(hook, lambda g, hook: gradients.__setitem__(hook.name, g.detach().clone()))
        for hook in {d[1] for d in destinations}]
    with model.hooks(fwd_hooks=forward, bwd_hooks=backward):
        metric(model(clean)).backward()
    table = torch.zeros(6, len(sources), len(destinations), dtype=torch.float64)
    for v, (_, hook, head, before) in enumerate(destinations):
        for u in range(before):
            table[:, u, v] = (changes[u] * part(gradients[hook], head)).sum(-1)
    return table


eap = scores()
start, end = here_["hook_embed"].detach(), there["hook_embed"].detach()
ig = sum(scores((start + k / 5 * (end - start)).requires_grad_()) for k in range(5)).sum(0) / 5

exact = torch.zeros(len(sources), len(destinations), dtype=torch.float64)
with torch.no_grad():
    base = metric(model(clean))
    for v, (_, hook, head, before) in enumerate(destinations):
        for u in range(before):
            def add(value, hook):
                part(value, head)[...] += changes[u]
                return value
            exact[u, v] = metric(model.run_with_hooks(clean, fwd_hooks=[(hook, add)])) - base

# Every third edge, by source and then by destination, is kept; the others carry the corrupted run's outputs.
edges = [(u, v) for u in range(len(sources)) for v, d in enumerate(destinations) if u < d[3]]
missing = set(edges) - set(edges[::3])
now = {}
hooks = []
for u, (_, hook, head) in enumerate(sources):
    def keep(value, hook, u=u, head=head):
        now[u] = part(value, head).clone()
        return value
    hooks.append((hook, keep))
for v, (_, hook, head, before) in enumerate(destinations):
    def swap(value, hook, v=v, head=head, before=before):
        for u in range(before):
            if (u, v) in missing:
                _, name, index = sources[u]
                part(value, head)[...] += part(here_[name], index) - now[u]
        return value
    hooks.append((hook, swap))
with torch.no_grad():
    circuit = metric(model.run_with_hooks(clean, fwd_hooks=hooks))

save_file({k: v.float().contiguous() for k, v in dict(eap=eap.sum(0), eap_by_pos=eap, ig5=ig, exact=exact,
    circuit=circuit.reshape(1), ends=torch.stack([metric(model(corrupted)), base]).detach()).items()},
    here / "golden.safetensors")
print(len(edges), "edges; ends", metric(model(corrupted)).item(), base.item(), "circuit", circuit.item())
print("largest", eap.sum(0).abs().max().item(), ig.abs().max().item(), exact.abs().max().item())
