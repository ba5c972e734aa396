"""Golden circuit analyses by TransformerLens 3.x, of the tiny model in ../transformer-lens/tiny_raw.safetensors.
Usage: python make_golden.py
Writes golden.safetensors (float32) and, beside it, golden.json with the prompts, the labels of every stack, and the
weights that processing removes. Keys begin with the name of the TransformerLens function or processing flag."""
import json, os, warnings
from importlib.metadata import version
from pathlib import Path
warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from safetensors.torch import load_file, save_file
from transformer_lens import FactoredMatrix, HookedTransformer, HookedTransformerConfig
from transformer_lens.head_detector import HEAD_NAMES, detect_head

torch.set_grad_enabled(False)
torch.set_num_threads(1)
here = Path(__file__).resolve().parent
raw = load_file(here.parent / "transformer-lens" / "tiny_raw.safetensors")
PROMPT, ANSWER, WRONG = [0, 5, 17, 33, 64, 90], 11, 42
REPEATED, OTHER = [0, 5, 17, 33, 5, 17, 33, 64], [0, 8, 8, 3, 8, 3]
DEFAULT = ("fold_ln", "center_writing_weights", "center_unembed", "fold_value_biases")
REFACTOR = "refactor_factored_attn_matrices"
prompt = torch.tensor([PROMPT])
tensors, labels, removed = {}, {}, {}

def load(*steps):
    """The tiny model after some steps of weight processing."""
    model = HookedTransformer(HookedTransformerConfig(
        n_layers=2, d_model=32, n_ctx=32, d_head=8, n_heads=4, d_mlp=64, d_vocab=97, act_fn="gelu_new",
        normalization_type="LN", eps=1e-5, seed=0, device="cpu"))
    model.load_and_process_state_dict({name: weight.clone() for name, weight in raw.items()},
                                      **{step: step in steps for step in (*DEFAULT, REFACTOR)})
    return model

def close(a, b): assert torch.allclose(a, b, rtol=1e-4, atol=2e-5), (a - b).abs().max()

# Weight processing: what each step changes, and the logits it leaves.
tensors["raw.logits"] = load()(prompt)
for name, steps in {**{step: [step] for step in (*DEFAULT, REFACTOR)}, "default": DEFAULT}.items():
    model = load(*steps)
    weights = model.state_dict()
    removed[name] = [weight for weight in raw if weight not in weights]
    tensors |= {f"{name}.w.{weight}": weights[weight] for weight in raw
                if weight in weights and not torch.equal(weights[weight], raw[weight])}
    tensors[f"{name}.logits"] = model(prompt)
    close(tensors[f"{name}.logits"].log_softmax(-1), tensors["raw.logits"].log_softmax(-1))

# Decompositions of the residual stream, after the default steps.
model = load(*DEFAULT)
logits, cache = model.run_with_cache(prompt)
direction = model.W_U[:, ANSWER] - model.W_U[:, WRONG]

def stack(key, function, **options):
    tensors[key], labels[key] = function(return_labels=True, **options)
    assert len(labels[key]) == len(tensors[key]), key
    return tensors[key]

stack("accumulated_resid", cache.accumulated_resid, incl_mid=True)
stack("accumulated_resid.layer1.ln", cache.accumulated_resid, layer=1, incl_mid=True, apply_ln=True)
lens = stack("accumulated_resid.ln", cache.accumulated_resid, incl_mid=True, apply_ln=True)[:, 0, -1]
tensors["logit_lens"] = lens @ model.W_U + model.b_U
stack("decompose_resid.layer1", cache.decompose_resid, layer=1)
stack("decompose_resid.attn", cache.decompose_resid, mode="attn")
stack("stack_head_results.layer1", cache.stack_head_results, layer=1)
heads = stack("stack_head_results", cache.stack_head_results, layer=2, incl_remainder=True)
stack("stack_head_results.ln", cache.stack_head_results, layer=2, incl_remainder=True, apply_ln=True)
stack("stack_neuron_results.ln", cache.stack_neuron_results, layer=2, neuron_slice=(0, 16), apply_ln=True)
stack("stack_neuron_results.ln.projected", cache.stack_neuron_results, layer=2, incl_remainder=True, apply_ln=True,
      project_output_onto=direction)  # onto W_U[:, ANSWER] - W_U[:, WRONG]
full = stack("get_full_resid_decomposition", cache.get_full_resid_decomposition, expand_neurons=False)
answer, wrong = torch.tensor(ANSWER), torch.tensor(WRONG)
tensors["logit_attrs.difference"] = cache.logit_attrs(heads, answer, wrong)
tensors["logit_attrs.answer"] = cache.logit_attrs(heads, answer)
difference = logits[..., ANSWER] - logits[..., WRONG] - model.b_U[ANSWER] + model.b_U[WRONG]
close(tensors["logit_lens"][-1], logits[0, -1])
close(full.sum(0), cache["resid_post", 1])
close(tensors["logit_attrs.difference"].sum(0), difference)
close(tensors["stack_neuron_results.ln.projected"].sum(0), difference)

# Composition of heads, on raw weights.
model = load()
tensors |= {f"all_composition_scores.raw.{mode}": model.all_composition_scores(mode) for mode in "QKV"}

# Products of two thin matrices. Eigenvalues need a square product, and come in no order: sorted by magnitude here,
# then by real and imaginary part.
random = torch.Generator().manual_seed(0)
a, b, square = (torch.randn(shape, generator=random) for shape in ((5, 3), (3, 7), (3, 5)))
for name, pair in {"5x7": (a, b), "5x5": (a, square), "ov.0.0": (model.W_V[0, 0], model.W_O[0, 0])}.items():
    product, key = FactoredMatrix(*pair), f"FactoredMatrix.{name}."
    even = product.make_even()
    tensors |= {key + "A": pair[0], key + "B": pair[1], key + "AB": product.AB, key + "S": product.S,
                key + "norm": product.norm(), key + "make_even.AB": even.AB,
                key + "make_even.left_gram": even.A.mT @ even.A, key + "make_even.right_gram": even.B @ even.B.mT}
    if name != "5x7":
        values = sorted(product.eigenvalues.tolist(), key=lambda v: (-round(abs(v), 4), v.real, v.imag))
        tensors |= {key + "eigenvalues.real": torch.tensor([v.real for v in values]),
                    key + "eigenvalues.imag": torch.tensor([v.imag for v in values])}

# The head detector takes text, or a list of texts, whose mean it gives: let token ids be its texts.
model.to_tokens = lambda text: text[0] if isinstance(text, list) else text
repeated, other = torch.tensor([REPEATED]), torch.tensor([OTHER])
for name in HEAD_NAMES:
    for measure in ("mul", "abs"):
        for bos in (False, True):
            for current in (False, True):
                key = f"detect_head.{name}.{measure}" + ".exclude_bos" * bos + ".exclude_current_token" * current
                tensors[key] = detect_head(model, repeated, name, exclude_bos=bos, exclude_current_token=current,
                                           error_measure=measure)
    tensors[f"detect_head.{name}.mul.mean"] = detect_head(model, [repeated, other], name)

save_file({key: tensor.float().contiguous().clone() for key, tensor in tensors.items()}, here / "golden.safetensors")
(here / "golden.json").write_text(json.dumps({
    "versions": {name: version(name) for name in ("transformer_lens", "torch")}, "prompt": PROMPT,
    "answer": ANSWER, "wrong": WRONG, "detector_prompts": [REPEATED, OTHER], "removed": removed, "labels": labels,
}, indent=1) + "\n")
print(len(tensors), "tensors,", (here / "golden.safetensors").stat().st_size, "bytes")
