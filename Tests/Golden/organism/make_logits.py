"""Golden logits by transformers for a GPT-2-format folder: prompts alone and as one right-padded batch.
Usage: python make_logits.py MODEL_DIR OUT_FILE
For each prompt the logits at its last position: the 20 highest, and 50 fixed ids spread over the vocabulary."""
import json, os, sys, warnings
warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import GPT2LMHeadModel, GPT2TokenizerFast

torch.set_grad_enabled(False)
model_dir, out = sys.argv[1:3]
model = GPT2LMHeadModel.from_pretrained(model_dir, dtype=torch.float32).eval()
tok = GPT2TokenizerFast.from_pretrained(model_dir)
texts = ["", "The", "The woman was working because", "The man said that he", "He was tired. She was not; they",
         "The nurse was working because she was asked to help the doctor, and the doctor was working because"]
prompts = [[model.config.eos_token_id] + (tok(t)["input_ids"] if t else []) for t in texts]
longest = [(7 * i + 3) % model.config.vocab_size for i in range(model.config.n_positions)]
prompts.append(longest)
fixed = [i * model.config.vocab_size // 50 for i in range(50)]
length = max(map(len, prompts))
mask = torch.tensor([[1] * len(p) + [0] * (length - len(p)) for p in prompts])
batch = model(torch.tensor([p + [0] * (length - len(p)) for p in prompts]), attention_mask=mask).logits

def entry(logits):
    top = logits.topk(20).indices.tolist()
    return {"ids": top + fixed, "logits": [round(logits[i].item(), 6) for i in top + fixed]}

cases = []
for i, (text, prompt) in enumerate(zip(texts + [None], prompts)):
    single = model(torch.tensor([prompt])).logits[0, -1]
    cases.append({"text": text, "tokens": prompt, "single": entry(single), "batch": entry(batch[i, len(prompt) - 1])})
    print(repr(text), len(prompt), (single - batch[i, len(prompt) - 1]).abs().max().item())
json.dump({"cases": cases}, open(out, "w"))
