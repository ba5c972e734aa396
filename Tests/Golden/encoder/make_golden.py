"""Golden values of masked-language models by transformers and TransformerLens 3, in double precision.
Usage: python make_golden.py
Writes into the folder of this script, for tiny random BERT, DistilBERT, RoBERTa and a RoBERTa that is not tied:
- NAME/config.json and model.safetensors, as save_pretrained writes them;
- NAME.safetensors: "tokens", "lengths", "types" of a padded batch, "labels" (-100 where none); "logits" (padding included),
  "loss", and "grad." of the loss with respect to every parameter by its name;
  of BERT also "act.": every activation of TransformerLens' HookedEncoder on the same batch ("split.act.": those on demand).
- order.json: the names of named_parameters() of each that the loss depends on."""
import json, os, shutil, warnings
from pathlib import Path
warnings.filterwarnings("ignore")
os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from safetensors.torch import save_file
from transformers import (BertConfig, BertForMaskedLM, BertForPreTraining, DistilBertConfig, DistilBertForMaskedLM,
    RobertaConfig, RobertaForMaskedLM)
from transformer_lens import HookedEncoder, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions import convert_bert_weights

here = Path(__file__).parent
V, D, L, H, M, N = 37, 12, 2, 3, 20, 14
lengths = [9, 6, 2]


def models():
    shape = dict(vocab_size=V, hidden_size=D, num_hidden_layers=L, num_attention_heads=H, intermediate_size=M,
        initializer_range=0.3, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    yield "bert", BertForMaskedLM(BertConfig(max_position_embeddings=N, **shape))
    yield "distilbert", DistilBertForMaskedLM(DistilBertConfig(vocab_size=V, dim=D, n_layers=L, n_heads=H, hidden_dim=M,
        max_position_embeddings=N, initializer_range=0.3, dropout=0.0, attention_dropout=0.0))
    roberta = dict(max_position_embeddings=N + 2, type_vocab_size=1, layer_norm_eps=1e-5, **shape)
    yield "roberta", RobertaForMaskedLM(RobertaConfig(**roberta))
    yield "roberta-untied", RobertaForMaskedLM(RobertaConfig(tie_word_embeddings=False, **roberta))


def batch(name):
    torch.manual_seed(1)
    pad = 1 if name.startswith("roberta") else 0
    tokens = torch.randint(4, V, (len(lengths), max(lengths)))
    mask = torch.zeros_like(tokens)
    types = torch.zeros_like(tokens)
    labels = torch.full_like(tokens, -100)
    for i, n in enumerate(lengths):
        tokens[i, n:] = pad
        mask[i, :n] = 1
    if name == "bert":
        types[0, 5:] = 1
        types[1, 3:6] = 1
    for i, j, label in [(0, 2, 7), (0, 8, 30), (1, 1, 7)]:
        labels[i, j] = label
    return tokens, mask, types, labels


def encoder(model, tokens, mask, types, golden):
    c = HookedTransformerConfig(n_layers=L, d_model=D, n_ctx=N, d_head=D // H, n_heads=H, d_mlp=M, d_vocab=V, act_fn="gelu",
        normalization_type="LN", eps=1e-12, attention_dir="bidirectional", device="cpu", dtype=torch.float64)
    hooked = HookedEncoder(c)
    whole = BertForPreTraining(model.config).double()  # the conversion reads a pooler too
    whole.load_state_dict(model.state_dict(), strict=False)
    hooked.load_state_dict(convert_bert_weights(whole, c), strict=False)
    hooked.double()
    run = lambda: hooked.run_with_cache(tokens, token_type_ids=types, one_zero_attention_mask=mask)
    logits, cache = run()
    print("HookedEncoder's logits differ by", float((logits - golden["logits"])[mask.bool()].abs().max()))
    golden.update({"act." + k: v for k, v in cache.items()})
    hooked.cfg.use_split_qkv_input = hooked.cfg.use_hook_mlp_in = hooked.cfg.use_attn_result = True
    golden.update({"split.act." + k: v for k, v in run()[1].items() if "act." + k not in golden})


order = {}
for name, model in models():
    torch.manual_seed(2)
    for p in model.parameters():
        p.data = torch.randn_like(p) * 0.3
    model.tie_weights()
    model.eval()
    shutil.rmtree(here / name, ignore_errors=True)
    model.save_pretrained(here / name)
    for extra in (here / name).glob("generation_config.json"):
        extra.unlink()
    model.double()
    tokens, mask, types, labels = batch(name)
    kinds = {"token_type_ids": types} if name == "bert" else {}
    result = model(input_ids=tokens, attention_mask=mask, labels=labels, **kinds)
    result.loss.backward()
    golden = {"tokens": tokens, "lengths": torch.tensor(lengths), "types": types, "labels": labels,
        "logits": result.logits.detach(), "loss": result.loss.detach()}
    golden.update({"grad." + k: p.grad for k, p in model.named_parameters() if p.grad is not None})
    if name == "bert":
        with torch.no_grad():
            encoder(model, tokens, mask, types, golden)
    save_file({k: v.float().contiguous() for k, v in golden.items()}, here / f"{name}.safetensors")
    order[name] = [k for k, p in model.named_parameters() if p.grad is not None]  # an untied RoBERTa has a bias it never reads
(here / "order.json").write_text(json.dumps(order, indent=0) + "\n")
