#!/usr/bin/env python3
"""Causal mediation: probe beside PyTorch hooks, on the same cores, one after the other.

    PYTHON compare_mediation.py PROBE [--repeats R] [--threads T] [--tasks neurons heads] [--json FILE]

GPT-2 small's shape with random weights; PYTHON has torch and transformers. The settings are those of `probe benchmark
--mediation`:

- neurons: the indirect effect of each of the 13 x 768 neurons of a prompt of 4 tokens. PyTorch's hooks stack up to 800
  rows of the prompt, each with another neuron, run the model, and read two probabilities off the last logits.
- heads: both effects of each of the 144 heads, 12 layers and the model, in an item of 10 tokens with candidates of 5 and 6.
  PyTorch overrides attention patterns in one pass for each candidate, 634 passes in all.

Prints seconds, the ratio, and probe's share of the time that the needed matrix products take at the rate of one large
product of the same run.
"""
import os
os.environ.pop("OPENBLAS_CORETYPE", None)
import argparse
import json
import subprocess
import sys
import time
from statistics import median

ROWS = 800
PROMPTS, POSITION, ANSWERS = [[1, 5, 2, 3], [1, 6, 2, 3]], 1, [8, 9]
CONTEXTS = [[*range(1, 10), 10], [*range(1, 10), 11]]
CANDIDATES = [list(range(2, 7)), list(range(7, 13))]


class Hooked:
    """A random GPT-2 small whose neurons and attention patterns can be replaced."""
    def __init__(self):
        import torch
        from transformers import AttentionInterface, GPT2Config, GPT2LMHeadModel
        self.torch = torch
        AttentionInterface.register("overridden", self.attend)
        torch.manual_seed(0)
        self.model = GPT2LMHeadModel(GPT2Config(attn_implementation="overridden")).eval()
        blocks = self.model.transformer
        self.sites = [blocks.wte, *(block.mlp for block in blocks.h)]
        self.patterns, self.override = {}, {}

    def attend(self, module, query, key, value, mask, **_):
        """Causal attention; remembers its patterns, and puts in those of `override`: {layer: heads, source}."""
        torch, length = self.torch, query.shape[2]
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        pattern = scores.masked_fill(future, float("-inf")).softmax(-1)
        if module.layer_idx in self.override:
            heads, source = self.override[module.layer_idx]
            size = source.shape[-1]
            pattern[:, heads, :size, :size] = source[:, heads]
        else:
            self.patterns[module.layer_idx] = pattern
        return (pattern @ value).transpose(1, 2), pattern

    def values(self, prompt):
        """The activation at the word of every site."""
        kept = []
        hooks = [site.register_forward_hook(lambda _, __, out: kept.append(out[0, POSITION])) for site in self.sites]
        self.model(self.torch.tensor([prompt]))
        for hook in hooks:
            hook.remove()
        return kept

    def neurons(self):
        """The ratio of odds with each neuron replaced, site by site."""
        torch, (base, other) = self.torch, PROMPTS
        values = self.values(other)
        odds = self.model(torch.tensor([base])).logits[0, -1].softmax(-1)[ANSWERS]
        ratios = []
        for site, value in zip(self.sites, values):
            for first in range(0, len(value), ROWS):
                chosen = torch.arange(first, min(first + ROWS, len(value)))

                def replace(_, __, out):
                    out = out.clone()
                    out[torch.arange(len(chosen)), POSITION, chosen] = value[chosen]
                    return out

                hook = site.register_forward_hook(replace)
                probabilities = self.model(torch.tensor([base] * len(chosen))).logits[:, -1].softmax(-1)[:, ANSWERS]
                hook.remove()
                ratios += (probabilities[:, 0] / probabilities[:, 1] / (odds[0] / odds[1])).tolist()
        return ratios

    def odds(self, context, override=None):
        """The score of the second candidate by that of the first: geometric means of their tokens' probabilities."""
        self.override, scores = override or {}, []
        for candidate in CANDIDATES:
            logits = self.model(self.torch.tensor([context + candidate[:-1]])).logits[0, len(context) - 1:].log_softmax(-1)
            scores.append(sum(logits[row, token] for row, token in enumerate(candidate)) / len(candidate))
        self.override = {}
        return (scores[1] - scores[0]).exp().item()

    def heads(self):
        """Both effects of every head, every layer and the model."""
        blocks, effects = self.model.config.n_layer, []
        base = self.odds(CONTEXTS[0])
        for context, source in (CONTEXTS, CONTEXTS[::-1]):
            self.model(self.torch.tensor([source]))
            patterns = dict(self.patterns)
            everything = list(range(self.model.config.n_head))
            sets = [{layer: [head]} for layer in range(blocks) for head in everything]
            sets += [{layer: everything} for layer in range(blocks)] + [{layer: everything for layer in range(blocks)}]
            for heads in sets:
                override = {layer: (chosen, patterns[layer]) for layer, chosen in heads.items()}
                effects.append(self.odds(context, override) / base - 1)
        return effects


def run_torch(options):
    import torch
    import transformers
    torch.set_grad_enabled(False)
    torch.set_num_threads(options.threads)
    hooked, report = Hooked(), {"torch": torch.__version__, "transformers": transformers.__version__}
    for task in options.tasks:
        times = []
        for turn in range(options.repeats):
            start = time.perf_counter()
            count = len(getattr(hooked, task)())
            times.append(time.perf_counter() - start)
            print(f"{task}, round {turn + 1} of {options.repeats}: {count} in {times[-1]:.1f} s", file=sys.stderr)
        report[task] = median(times)
    print(json.dumps(report))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("probe")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tasks", nargs="+", choices=["neurons", "heads"], default=["neurons", "heads"])
    parser.add_argument("--json", help="where the numbers go as well")
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch:
        return run_torch(options)
    numbers = [f"--repeats={options.repeats}", f"--threads={options.threads}"]
    ours = json.loads(subprocess.run([options.probe, "benchmark", "--mediation", "--json", *numbers],
                                     check=True, capture_output=True, text=True).stdout)
    line = [sys.executable, __file__, options.probe, "--torch", *numbers, "--tasks", *options.tasks]
    theirs = json.loads(subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout)
    print(f"{options.threads} threads, OpenBLAS kernel {ours['blas_kernel']}, sgemm "
          f"{ours['sgemm_gflop_per_second']:.0f} GFLOP/s; PyTorch {theirs['torch']}, transformers {theirs['transformers']}")
    for task, name in (("neurons", "neuron"), ("heads", "head")):
        if task in options.tasks:
            seconds = ours[f"{name}_seconds"]
            print(f"{task:8} probe {seconds:7.2f} s, of limit {ours[f'{name}_share_of_limit']:.2f}; "
                  f"PyTorch {theirs[task]:7.2f} s; {theirs[task] / seconds:.1f} times")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"probe": ours, "torch": theirs}, file, indent=1)


if __name__ == "__main__":
    main()
