"""Whether the Python package reads a feature that probe wrote, and then says the same of the same texts.

    HF_HUB_OFFLINE=1 PYTHON check_with_package.py PROBE [FOLDER]

Run by hand after a change of the folder's format or of how gradients are taken; needs torch, transformers and gradiend 0.2.3.
PROBE is the built command; FOLDER keeps what is written (else a temporary one). Learns features of the embedded organism in a few
steps, on all weights, on a share of them, and on some tensors alone; opens each with the package's ParamMappedGradiendModel; takes
each encoded row's gradient with torch and lets the package encode it. Fails unless every h is within 1e-6 of what
`probe gradiend-evaluate` wrote, and the package numbers the largest weights as `probe gradiend-top` does.
"""
import csv, json, pathlib, subprocess, sys, tempfile
import torch
from gradiend.model.param_mapped import ParamMappedGradiendModel
from transformers import AutoModelForCausalLM, AutoTokenizer

KINDS = {"all": ["--keep", "1"], "pruned": ["--keep", "0.1", "--keep-after", "0.3"],
         "narrow": ["--keep", "1", "--parameters", "transformer.h.1.mlp.*"]}
STEPS = ["--steps", "3", "--batch-size", "4", "--evaluation-rows", "4", "--max-seeds", "1", "--learning-rate", "0.001"]
probe = pathlib.Path(sys.argv[1]).resolve()
torch.set_num_threads(1)


def run(*arguments):
    subprocess.run([str(probe), *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def base_model(out):
    """The embedded organism with its tokenizer: a rewriting that moves nothing."""
    run("gradiend-train", *STEPS, "--keep", "0.01", "--out", str(out / "any"))
    run("gradiend-rewrite", "--feature", str(out / "any/feature"), "--factor", "0", "--rate", "0", "--out", str(out / "base"))
    return (AutoModelForCausalLM.from_pretrained(out / "base", dtype=torch.float32).eval(),
            AutoTokenizer.from_pretrained(out / "base"))


def gradient(model, tokenizer, template, word, names):
    """Of -log p of the word after the text before its gap, on the selected elements."""
    before = template.split("[MASK]")[0]
    ids = tokenizer(before.rstrip(), add_special_tokens=False)["input_ids"]
    word = " " + word if before != before.rstrip() and ids else word
    target = tokenizer(word, add_special_tokens=False)["input_ids"][0]
    model.zero_grad()
    beginning = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    logits = model(torch.tensor([[beginning] + ids])).logits[0, -1]
    (-torch.log_softmax(logits, -1)[target]).backward()
    parameters = dict(model.named_parameters())
    return {name: parameters[name].grad.flatten() for name in names}


def selected(feature, gradients):
    """The gradient's elements in the package's own order."""
    flat = torch.cat([gradients[name] for name in feature.param_map])
    return flat[feature._get_base_global_index_map()]


def check(kind, out, model, tokenizer):
    folder = out / kind
    run("gradiend-train", *STEPS, *KINDS[kind], "--out", str(folder))
    run("gradiend-evaluate", "--feature", str(folder / "feature"), "--limit", "6", "--out", str(folder / "evaluate"))
    run("gradiend-top", "--feature", str(folder / "feature"), "--top", "20", "--out", str(folder / "top"))
    feature = ParamMappedGradiendModel.from_pretrained(str(folder / "feature"))
    source = json.loads((folder / "feature/gradiend_context.json").read_text())["source"]
    rows = [row for row in csv.DictReader(open(folder / "evaluate/encoded.csv")) if row["type"] == "training"]
    worst = 0.0
    for row in rows:
        vector = selected(feature, gradient(model, tokenizer, row["template"], row[f"{source}_token"], list(feature.param_map)))
        with torch.no_grad():
            h = feature(vector, return_encoded=True)[1].item()
        worst = max(worst, abs(h - float(row["encoded"])))
    numbers = feature._get_base_global_index_map()
    top = json.loads((folder / "top/weights.json").read_text())
    for weight in top:
        assert int(numbers[weight["local_input_index"]]) == weight["base_global_index"], weight
        assert feature.decode_base_global_index(weight["base_global_index"])["param_name"] == weight["param_name"], weight
    importance = feature.get_weight_importance(part="decoder-weight")
    # Our files have the shortest digits that read back to the same float32.
    assert all(abs(float(importance[w["local_input_index"]]) - w["importance"]) <= 1e-7 * w["importance"] for w in top)
    print(f"{kind}: n = {feature.input_dim}, {len(rows)} rows, |h| up to {max(abs(float(r['encoded'])) for r in rows):.3f}, "
          f"largest difference of h {worst:.1e}")
    return worst


with tempfile.TemporaryDirectory() as temporary:
    out = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else temporary)
    model, tokenizer = base_model(out)
    worst = max(check(kind, out, model, tokenizer) for kind in KINDS)
if worst >= 1e-6:
    sys.exit(f"h differs by {worst:.1e}, more than 1e-6")
