#!/usr/bin/env python3
"""Compares the speed and memory of probe's gradients with PyTorch's, on random weights.

    PYTHON Tests/Benchmarks/compare_training.py .build/release/probe --json numbers.json

PYTHON has torch, transformers and transformer_lens 3. Five tasks: a training step (forward, backward, AdamW) of the
organism's shape at 64 x 64 tokens, forward and backward of GPT-2 small's shape at 8 x 64 tokens, forward and backward of BERT
base's shape at 32 x 48 tokens with one label each, two forward passes and one backward pass for gradients of activations
only, and edge attribution patching of all 32,491 edges of GPT-2 small's shape at 16 tokens, in PyTorch by TransformerLens
hooks. Each runs in a process of its own, in turns, so that peak memory (with the weights, and
with PyTorch's code, whose share is told apart) is its own and both meet the same machine. The figure is the median over
rounds of a process's median. OPENBLAS_CORETYPE is unset, both use the same number of threads.
"""
import os
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.update(HF_HUB_OFFLINE="1", OMP_NUM_THREADS="2", MKL_NUM_THREADS="2")
import argparse
import json
import resource
import subprocess
import sys
from statistics import median
from time import perf_counter

TASKS = ("training", "gpt2", "masked", "attribution", "edges")


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def edges():
    """Edge attribution patching by hooks; returns what does it once, and the memory before."""
    import torch
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    base = peak()
    config = HookedTransformerConfig(n_layers=12, d_model=768, n_ctx=1024, d_head=64, n_heads=12, d_mlp=3072,
        d_vocab=50257, act_fn="gelu_new", normalization_type="LNPre", device="cpu", seed=0)
    model = HookedTransformer(config)
    model.set_use_attn_result(True); model.set_use_split_qkv_input(True); model.set_use_hook_mlp_in(True)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    clean = torch.randint(0, 50257, (1, 16))
    corrupted = torch.cat([clean[:, :2], clean[:, 2:3] - 1, clean[:, 3:]], 1).abs()
    sources, readers = [("hook_embed", slice(0, 1))], []
    for l in range(12):
        before, column = 1 + 13 * l, 37 * l
        readers += [(f"blocks.{l}.hook_{c}_input", before, slice(column + 12 * i, column + 12 * i + 12))
            for i, c in enumerate("qkv")]
        readers.append((f"blocks.{l}.hook_mlp_in", before + 12, slice(column + 36, column + 37)))
        sources.append((f"blocks.{l}.attn.hook_result", slice(before, before + 12)))
        sources.append((f"blocks.{l}.hook_mlp_out", slice(before + 12, before + 13)))
    readers.append(("blocks.11.hook_resid_post", 157, slice(444, 445)))
    by_head = lambda value: value.detach().reshape(1, 16, -1, 768)

    def body():
        changes, scores = torch.zeros(1, 16, 157, 768), torch.zeros(157, 445)

        def add(rows, sign):
            def hook(value, hook):
                changes[:, :, rows] += sign * by_head(value)
                return value.requires_grad_() if hook.name == "hook_embed" and sign < 0 else value
            return hook

        def score(before, columns):
            def hook(gradient, hook):
                scores[:before, columns] += torch.einsum("bpsd,bphd->sh", changes[:, :, :before], by_head(gradient))
            return hook
        with torch.no_grad():
            model.run_with_hooks(corrupted, fwd_hooks=[(name, add(rows, 1)) for name, rows in sources])
        with model.hooks(fwd_hooks=[(name, add(rows, -1)) for name, rows in sources],
                bwd_hooks=[(name, score(before, columns)) for name, before, columns in readers]):
            logits = model(clean)
            (logits[0, -1, 5] - logits[0, -1, 9]).backward()
        assert scores.count_nonzero() > 15_000
    return body, base


def torch_task(task, repeats):
    """Times one task in this process."""
    import torch
    torch.set_num_threads(2)
    torch.manual_seed(0)
    body, base = edges() if task == "edges" else gradients(task)
    times = []
    for _ in range(repeats + 1):
        start = perf_counter()
        body()
        times.append(perf_counter() - start)
    return {"seconds": median(times[1:]), "peak_memory_mb": peak(), "code_memory_mb": base}


def gradients(task):
    """Gradients of transformers' GPT-2; returns what takes them once, and the memory before."""
    import torch
    from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel
    base = peak()
    small = dict(n_layer=12, n_embd=96, n_head=12, vocab_size=1600, n_positions=64)
    if task == "masked":
        model = BertForMaskedLM(BertConfig()).eval()
    else:
        config = GPT2Config(**small if task == "training" else {}, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)
        model = GPT2LMHeadModel(config).train(task != "attribution")
    batch, length = {"training": (64, 64), "gpt2": (8, 64), "masked": (32, 48), "attribution": (1, 16)}[task]
    tokens = torch.randint(0, model.config.vocab_size, (batch, length))
    labels = tokens
    if task == "masked":
        labels = torch.full_like(tokens, -100)
        labels[:, length // 2] = tokens[:, 0]
    optimizer = torch.optim.AdamW(model.parameters())

    def loss():
        optimizer.zero_grad()
        model(tokens, labels=labels).loss.backward()
        if task == "training":
            optimizer.step()

    def attribution():
        with torch.no_grad():
            model(tokens, logits_to_keep=1)
        embedded = model.transformer.wte(tokens).detach().requires_grad_()
        logits = model(inputs_embeds=embedded, logits_to_keep=1).logits
        (logits[0, -1, 5] - logits[0, -1, 9]).backward()
    if task == "attribution":
        for parameter in model.parameters():
            parameter.requires_grad_(False)
    return attribution if task == "attribution" else loss, base


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("probe", nargs="?", help="the program")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3, help="in a process")
    parser.add_argument("--json", help="a file for the numbers")
    parser.add_argument("--torch-task", choices=TASKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch_task:
        return print(json.dumps(torch_task(options.torch_task, options.repeats)))
    repeats = f"--repeats={options.repeats}"
    numbers = {}
    for task in options.tasks:
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(run([options.probe, "benchmark", "--gradients", task, repeats, "--json"]))
            theirs.append(run([sys.executable, __file__, "--torch-task", task, repeats]))
        middle = lambda entries, key: median(entry[key] for entry in entries)
        row = {"probe_seconds": middle(ours, "seconds"), "torch_seconds": middle(theirs, "seconds"),
               "probe_memory_mb": middle(ours, "peak_memory_mb"), "torch_memory_mb": middle(theirs, "peak_memory_mb"),
               "torch_code_mb": middle(theirs, "code_memory_mb"), "of_limit": middle(ours, "share_of_limit"),
               "sgemm_gflop_per_second": middle(ours, "sgemm_gflop_per_second"), "blas_kernel": ours[0]["blas_kernel"]}
        numbers[task] = row
        print(f"{task:12} probe {row['probe_seconds']:.3f} s {row['probe_memory_mb']:.0f} MB   PyTorch "
              f"{row['torch_seconds']:.3f} s {row['torch_memory_mb']:.0f} MB (code {row['torch_code_mb']:.0f})   "
              f"{row['torch_seconds'] / row['probe_seconds']:.2f}x   of limit {row['of_limit']:.2f}, "
              f"{row['blas_kernel']} {row['sgemm_gflop_per_second']:.0f} GFLOP/s", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(numbers, file, indent=1)


if __name__ == "__main__":
    main()
