"""Golden gradients by PyTorch, in double precision: the two-layer model through TransformerLens 3, the organism through
transformers.
Usage: python make_golden.py MODEL_DIR
MODEL_DIR holds the organism. Writes into the folder of this script:
- tiny.safetensors: of the two-layer model of ../transformer-lens (its weights are read from there), by TransformerLens
  name, the gradients of the next-token loss of two prompts with respect to parameters ("param.") and hook points ("act.",
  the *_grad of run_with_cache; "split.act." with the points on demand), and those of a logit difference ("diff.act.");
  and steps of AdamW.
- organism.safetensors: of the loss of one batch ("tokens"), by checkpoint name: small parameters whole, of large ones
  the sum, the Euclidean norm and 64 elements at seeded places."""
import os, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from safetensors.torch import load_file, save_file
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformers import GPT2LMHeadModel

here = Path(__file__).parent
prompts = torch.tensor([[0, 5, 17, 33, 64, 90], [0, 5, 71, 33, 64, 90]])
answer, wrong = 11, 42


def tiny():
    config = HookedTransformerConfig(n_layers=2, d_model=32, n_ctx=32, d_head=8, n_heads=4, d_mlp=64, d_vocab=97,
        act_fn="gelu_new", normalization_type="LN", eps=1e-5, device="cpu", dtype=torch.float64)
    model = HookedTransformer(config)
    state = {k: v.double() for k, v in load_file(here.parent / "transformer-lens/tiny_raw.safetensors").items()}
    model.load_and_process_state_dict(state, fold_ln=False, center_writing_weights=False, center_unembed=False,
        fold_value_biases=False, refactor_factored_attn_matrices=False)
    golden = {}

    def gradients(prefix, objective):
        """Keeps the gradients at all hook points; objective makes a number of the logits or is the loss."""
        model.zero_grad()
        cache, forward, backward = model.get_caching_hooks(incl_bwd=True)
        sums = {}

        def add(gradient, hook):
            sums[hook.name] = sums.get(hook.name, 0) + gradient.detach()
        with model.hooks(fwd_hooks=forward, bwd_hooks=backward + [(lambda name: ".ln1." in name, add)]):
            objective(model).backward()
        if not model.cfg.use_split_qkv_input:
            # TransformerLens normalises thrice, for queries, keys and values, and caches what comes back last.
            cache.update({name + "_grad": total for name, total in sums.items()})
        names = [k for k in cache if k.endswith("_grad")]
        golden.update({prefix + k[:-len("_grad")]: cache[k] for k in names})
        print(prefix, len(names))

    loss = lambda m: m(prompts, return_type="loss")
    gradients("act.", loss)
    golden["loss"] = loss(model).detach()
    golden.update({"param." + k: p.grad.clone() for k, p in model.named_parameters()})

    def difference(m):
        logits = m(prompts)
        return (logits[:, -1, answer] - logits[:, -1, wrong]).mean()
    gradients("diff.act.", difference)
    model.set_use_attn_result(True); model.set_use_split_qkv_input(True); model.set_use_hook_mlp_in(True)
    gradients("split.act.", loss)
    return golden


def organism(folder):
    model = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(5)
    tokens = torch.randint(0, model.config.vocab_size, (4, 24), generator=generator)
    loss = model(tokens, labels=tokens).loss
    loss.backward()
    golden = {"tokens": tokens.double(), "loss": loss.detach()}
    for name, parameter in model.named_parameters():
        gradient = parameter.grad.flatten()
        if len(gradient) <= 1024:
            golden[name] = gradient
            continue
        places = torch.randint(0, len(gradient), (64,), generator=generator)
        golden[name + ".sum"], golden[name + ".norm"] = gradient.sum(), gradient.norm()
        golden[name + ".places"], golden[name + ".sample"] = places.double(), gradient[places]
    return golden


def adamw():
    """Four steps of torch.optim.AdamW: the parameter at first, the gradients, and the parameter after each step."""
    generator = torch.Generator().manual_seed(6)
    parameter = torch.randn(7, dtype=torch.float64, generator=generator).requires_grad_()
    gradients = torch.randn(4, 7, dtype=torch.float64, generator=generator)
    optimizer = torch.optim.AdamW([parameter], lr=0.01, weight_decay=0.1)
    golden = {"adamw.start": parameter.detach().clone(), "adamw.gradients": gradients}
    steps = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        steps.append(parameter.detach().clone())
    return golden | {"adamw.steps": torch.stack(steps)}


for name, golden in (("tiny", tiny() | adamw()), ("organism", organism(sys.argv[1]))):
    path = here / f"{name}.safetensors"
    save_file({k: v.float().contiguous().clone() for k, v in golden.items()}, path)
    print(path.name, os.path.getsize(path), "loss", golden["loss"].item())
