#!/usr/bin/env python3
"""Compares the speed of probe's circuit analyses with TransformerLens 3, on GPT-2 small's shape and random weights.

    .build/release/probe init-random --out gpt2-random
    VENV3/bin/python Tests/Benchmarks/compare_circuits.py gpt2-random --probe .build/release/probe --json numbers.json

VENV3 holds transformer_lens 3.9 and transformers. Without --probe, TransformerLens is timed alone; a command that
probe lacks, or that fails, is left out with a message.

The setting: 2 threads, gradients off, OPENBLAS_CORETYPE unset. TransformerLens works in this process, each task once
untimed; a figure is the median over rounds, of OV circuits the median over heads spread over the layers, times their
number. probe's figures are the wall time of a whole command, which reads the checkpoint and processes its weights.
So "with loading" adds to TransformerLens' time what it takes to do the same, but not its import, which is told apart.

Two threads on two busy cores wait for each other, and can take ten times as long. "Switches" is how often a second the
system took a core from TransformerLens, the most of any round: tens are usual, and with hundreds the time is not its
own. The fastest round is given as well. Composition makes tables of gigabytes, and so depends on the system's memory.
"""
import os
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1")
import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from timeit import timeit

THREADS, VECTORS, TOKENS, HEADS = 2, 10, 20, 8
PROMPT, ANSWER, WRONG = [464, 2415, 373, 1762, 780, 11], 5, 9
STEPS = ("fold_ln", "center_writing_weights", "center_unembed", "fold_value_biases")  # the default ones
REFACTOR = "refactor_factored_attn_matrices"
COMMANDS = {  # by task; a model's folder and common options are added
    "OV circuits, all heads": ["svd-ov", "--all", "--json"],
    "composition scores, Q, K and V": ["composition"],
    "attribution by head": ["attribute", "--unit=head", "--ids", str(PROMPT)[1:-1], f"--answer-id={ANSWER}",
                            f"--wrong-id={WRONG}"],
}


def seconds(body, *arguments):
    return timeit(lambda: body(*arguments), number=1)


class Lens:
    """TransformerLens with one checkpoint, processed as it is by default."""
    def __init__(self, folder, composition_layers):
        self.folder, self.composition_layers = folder, composition_layers
        self.weights = self.read()
        self.model = self.process(STEPS)[1]

    def read(self):
        """The checkpoint's weights in TransformerLens' layout, float32."""
        import torch
        from transformer_lens import HookedTransformerConfig
        from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
        from transformers import GPT2LMHeadModel
        source = GPT2LMHeadModel.from_pretrained(self.folder, dtype=torch.float32)
        shape = source.config
        self.shape = dict(
            n_layers=shape.n_layer, d_model=shape.n_embd, n_heads=shape.n_head, d_head=shape.n_embd // shape.n_head,
            d_mlp=shape.n_inner or 4 * shape.n_embd, n_ctx=shape.n_positions, d_vocab=shape.vocab_size,
            act_fn="gelu_new", eps=shape.layer_norm_epsilon, normalization_type="LN", device="cpu",
            init_weights=False)
        return convert_gpt2_weights(source, HookedTransformerConfig(**self.shape))

    def process(self, steps):
        """The seconds that loading and processing took, and the model."""
        from transformer_lens import HookedTransformer, HookedTransformerConfig
        model = HookedTransformer(HookedTransformerConfig(**self.shape))
        weights = {name: weight.clone() for name, weight in self.weights.items()}
        options = {step: step in steps for step in (*STEPS, REFACTOR)}
        return seconds(lambda: model.load_and_process_state_dict(weights, **options)), model

    def singular_tokens(self, layer, head):
        """The tokens that a head's OV circuit writes most."""
        from transformer_lens import SVDInterpreter
        vectors = SVDInterpreter(self.model).get_singular_vectors("OV", layer, num_vectors=VECTORS, head_index=head)
        return [vectors[:, 0, index].topk(TOKENS).indices.tolist() for index in range(VECTORS)]

    def circuits(self):
        """The seconds of all heads, by the median of some."""
        layers, heads = self.shape["n_layers"], self.shape["n_heads"]
        total = layers * heads
        chosen = range(0, total, max(1, total // HEADS + 1))  # not the same head of every layer
        return total * median(seconds(self.singular_tokens, *divmod(index, heads)) for index in chosen)

    def composition(self):
        """The seconds of all pairs of heads, or of those of the first layers, scaled to all pairs."""
        from transformer_lens.utilities import composition_scores
        layers = self.shape["n_layers"]
        if self.composition_layers >= layers:
            return sum(seconds(self.model.all_composition_scores, mode) for mode in "QKV")
        def score(mode):
            left, right = self.model.OV, self.model.OV if mode == "V" else self.model.QK
            some = slice(0, self.composition_layers)
            return composition_scores(left[some], (right.T if mode == "K" else right)[some])
        return (layers / self.composition_layers) ** 2 * sum(seconds(score, mode) for mode in "QKV")

    def attribution(self):
        import torch
        _, cache = self.model.run_with_cache(torch.tensor([PROMPT]))
        heads = cache.stack_head_results(layer=-1, pos_slice=-1)
        return cache.logit_attrs(heads, torch.tensor(ANSWER), torch.tensor(WRONG), pos_slice=-1)

    def tasks(self):
        yield "reading and converting", lambda: seconds(self.read)
        for title, steps in (("loading without processing", ()), ("loading, default processing", STEPS),
                             ("loading, default and refactoring", (*STEPS, REFACTOR))):
            yield title, lambda steps=steps: self.process(steps)[0]
        yield list(COMMANDS)[0], self.circuits
        yield list(COMMANDS)[1], self.composition
        yield list(COMMANDS)[2], lambda: seconds(self.attribution)


def run_lens(options):
    import_time = -perf_counter()
    import torch
    import transformer_lens, transformers  # noqa: F401: for the time it takes
    import_time += perf_counter()
    torch.set_grad_enabled(False)
    torch.set_num_threads(THREADS)
    lens, times, peaks, switches = Lens(options.model, options.composition_layers), {}, {}, {}
    for turn in range(options.repeats + 1):  # the first warms up
        for title, task in lens.tasks():
            print(f"round {turn} of {options.repeats}: {title}", file=sys.stderr)
            before, start = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
            value = task()
            used, wall = resource.getrusage(resource.RUSAGE_SELF), perf_counter() - start
            peaks.setdefault(title, used.ru_maxrss / 2**20)
            if turn:
                times.setdefault(title, []).append(value)
                switches.setdefault(title, []).append((used.ru_nivcsw - before.ru_nivcsw) / wall)
    return import_time, times, peaks, switches


def run_probe(options):
    """The seconds of every command that works."""
    times = {}
    for turn in range(options.repeats if options.probe else 0):
        for title, (command, *arguments) in COMMANDS.items():
            with tempfile.TemporaryDirectory() as out:
                line = [options.probe, command, *arguments, "--model", options.model, f"--threads={THREADS}",
                        *([] if "--json" in arguments else ["--out", out, "--quiet"])]
                start = perf_counter()
                result = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if result.returncode == 0:
                times.setdefault(title, []).append(perf_counter() - start)
            elif turn == 0:
                print(f"{command} is left out:", (result.stderr.strip().splitlines() or ["no message"])[0],
                      file=sys.stderr)
    return times


def describe(options):
    import torch
    cpu = next(line[13:] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    kept = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(("OPENBLAS", "OMP", "MKL"))]
    print(f"{cpu}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} {' '.join(kept)}")
    print("- TransformerLens:", ", ".join(f"{name} {version(name)}" for name in
          ("transformer_lens", "transformers", "torch")), f"kernels {torch.backends.cpu.get_cpu_capability()},",
          f"{torch.get_num_threads()} threads, medians of {options.repeats}")
    try:
        from threadpoolctl import threadpool_info
        pools = [f"{pool['internal_api']} {pool['version']}: {pool['num_threads']} threads"
                 for pool in threadpool_info()]
    except ImportError:
        pools = [line.strip() for line in torch.__config__.parallel_info().splitlines()
                 if "threads()" in line or "Library" in line or "backend" in line]
    print("- threads:", "; ".join(pools))


def print_table(header, rows):
    text = lambda x: x if isinstance(x, str) else f"{x:.3f}" if x < 10 else f"{x:,.1f}"
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    print("", *("| " + " | ".join(map(text, line)) + " |" for line in lines), sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a GPT-2 checkpoint's folder")
    parser.add_argument("--probe", metavar="FILE", help="the program, such as .build/release/probe")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--composition-layers", type=int, default=99, metavar="NUMBER",
                        help="score the heads of the first few layers only, and scale (all of GPT-2 small takes "
                             "about 10 GB)")
    parser.add_argument("--json", metavar="FILE", help="save every number")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable()
    ours = run_probe(options)
    import_time, times, peaks, switches = run_lens(options)
    describe(options)
    middle = {title: median(values) for title, values in times.items()}
    loading = middle["reading and converting"] + middle["loading, default processing"]
    rows = []
    for title, value in middle.items():
        row = [title, value, min(times[title]), f"{max(switches[title]):.0f}",
               loading + value if title in COMMANDS else "", "", "", f"{peaks[title]:.1f}"]
        if title in ours:
            row[5:7] = median(ours[title]), f"{row[4] / median(ours[title]):.1f}×"
        rows.append(row)
    print_table(["seconds", "TransformerLens", "fastest", "switches", "with loading", "probe", "with loading ÷ probe",
                 "peak by then, GiB"], rows)
    plain = middle["loading without processing"]
    print(f"\nProcessing alone: default {middle['loading, default processing'] - plain:.2f} s, with refactoring "
          f"{middle['loading, default and refactoring'] - plain:.2f} s. Import: {import_time:.1f} s.")
    if options.composition_layers < 12:
        print(f"Composition: measured on {options.composition_layers} layers and scaled by the number of pairs. That "
              "is rough: singular values go by head, and the tables of all layers go beyond the caches.")
    if options.json:
        Path(options.json).write_text(json.dumps({"transformer_lens": times, "probe": ours, "import": import_time,
                                                  "peak_gib": peaks, "switches_per_second": switches}, indent=1))


if __name__ == "__main__":
    main()
