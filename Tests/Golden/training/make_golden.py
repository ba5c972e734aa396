"""Golden training by PyTorch: a random GPT-2 of transformers, torch.optim.AdamW, clip_grad_norm_, and transformers' schedules.
Usage: python make_golden.py
Writes into the folder of this script:
- model/: the model before training, as save_pretrained writes it.
- golden.safetensors: the rows that every step reads ("tokens"; the last row ends after "length" of them), and for each
  schedule losses, norms, learning rates and the weights after the last step. The bound on the norm is passed at first only."""
import os, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.optimization import get_scheduler

here = Path(__file__).parent
steps, warmup, bound, length = 8, 3, 1.0, 7
config = GPT2Config(vocab_size=41, n_positions=12, n_embd=12, n_layer=2, n_head=3, n_inner=20, resid_pdrop=0, embd_pdrop=0,
    attn_pdrop=0, initializer_range=0.2, bos_token_id=40, eos_token_id=40)
torch.manual_seed(1)
GPT2LMHeadModel(config).save_pretrained(here / "model")
(here / "model/generation_config.json").unlink(missing_ok=True)
tokens = torch.randint(0, 40, (6, 12), generator=torch.Generator().manual_seed(2))
labels = tokens.clone()
labels[-1, length:] = -100
golden = {"tokens": tokens.float(), "length": torch.tensor([float(length)])}
for name, kind, extra in (("cosine", "cosine_with_min_lr", {"min_lr_rate": 0.1}), ("constant", "constant_with_warmup", {})):
    model = GPT2LMHeadModel.from_pretrained(here / "model", dtype=torch.float64)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.1)
    schedule = get_scheduler(kind, optimizer, warmup, steps, scheduler_specific_kwargs=extra)
    log = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = model(tokens, labels=labels).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), bound)
        log.append((loss.item(), schedule.get_last_lr()[0], norm.item()))
        optimizer.step()
        schedule.step()
    golden[f"{name}.log"] = torch.tensor(log).T.contiguous()
    golden |= {f"{name}.{k}": v.detach().float().contiguous() for k, v in model.named_parameters()}
    print(name, log)
save_file(golden, here / "golden.safetensors")
