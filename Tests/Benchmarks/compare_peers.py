#!/usr/bin/env python3
"""Compares the speed of probe's patching sweeps with TransformerLens and with PyTorch prototypes.

    python3 Tests/Benchmarks/compare_peers.py .build/release/probe --tl3 VENV3/bin/python \\
        --tl2 VENV2/bin/python --json numbers.json

VENV3 holds transformer_lens 3.9; VENV2 transformer_lens==2.16.1 "transformers<5" "datasets<4" "pyarrow<21". The
prototypes lie beside this file. A peer that is not given, or does not start, is left out with a message. `--check` instead
compares the numbers of one random checkpoint; `--scaling` instead times probe alone, one thing varied at a time.

The setting: GPT-2 small's shape, random weights, 6 tokens that differ at position 2, 2 threads, gradients off,
OPENBLAS_CORETYPE unset. Every round runs each sweep once in every program, in turn, so that a change of the
machine's load meets them all; a figure is the median over rounds. TransformerLens' neurons, "loop" one forward
pass each, "batched" 64 in one hooked pass, are timed on some of layer 5 and scaled to 3,072. The prototypes are
the functions of wave.py, warmed up as probe's, and fast.py (the faster of batches of 64 and 256), run as they are.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median
from timeit import timeit

THREADS, POSITION, LAYER, NEURONS, BATCH = 2, 2, 5, 3072, 64
CLEAN, CORRUPTED, ANSWER, WRONG = [464, 2415, 373, 1762, 780, 11], [464, 2415, 7, 1762, 780, 11], 5, 9
SWEEPS = {name: "get_act_patch_" + (name if name != "heads" else "attn_head_out_all_pos")
          for name in ("resid_pre", "attn_out", "mlp_out", "heads")}  # our names: TransformerLens' functions
TASKS = [*SWEEPS, "neurons, loop", "neurons, batched"]


def seconds(body, *arguments):
    return timeit(lambda: body(*arguments), number=1)


def difference(logits):
    return logits[:, -1, ANSWER] - logits[:, -1, WRONG]


class Lens:
    """TransformerLens on one prompt pair: its own sweeps, and neurons by hand."""
    def __init__(self, norm="LNPre", checkpoint=None):
        import torch
        from transformer_lens import HookedTransformer, HookedTransformerConfig
        self.model = HookedTransformer(HookedTransformerConfig(
            n_layers=12, d_model=768, n_ctx=1024, d_head=64, n_heads=12, d_mlp=NEURONS, d_vocab=50257,
            act_fn="gelu_new", normalization_type=norm, device="cpu", seed=0))
        if checkpoint:  # its raw weights
            from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights
            steps = ("fold_ln", "fold_value_biases", "center_writing_weights", "center_unembed")
            self.model.load_and_process_state_dict(
                convert_gpt2_weights(checkpoint, self.model.cfg), **dict.fromkeys(steps, False))
        logits, self.cache = self.model.run_with_cache(torch.tensor([CLEAN]))
        self.tokens = torch.tensor([CORRUPTED])
        self.ends = difference(logits).item(), difference(self.model(self.tokens)).item()

    def metric(self, logits):
        return (difference(logits) - self.ends[1]) / (self.ends[0] - self.ends[1])

    def sweep(self, name):
        from transformer_lens import patching
        return getattr(patching, SWEEPS[name])(self.model, self.tokens, self.cache, self.metric)

    def neurons(self, first, count):
        """The effects of neurons at all positions: one forward pass, each neuron in a row of the batch."""
        def patch(value, hook):
            for row in range(count):
                value[row, :, first + row] = self.cache[hook.name][0, :, first + row]
            return value
        hooks = [(f"blocks.{LAYER}.mlp.hook_post", patch)]
        return self.metric(self.model.run_with_hooks(self.tokens.repeat(count, 1), fwd_hooks=hooks)).tolist()


def lens_tasks(_):
    lens = Lens()
    tasks = {name: lambda name=name: seconds(lens.sweep, name) for name in SWEEPS}
    for name, count, step in (("neurons, loop", 1, 128), ("neurons, batched", BATCH, 512)):
        tasks[name] = lambda count=count, step=step: NEURONS / count * median(
            seconds(lens.neurons, first, count) for first in range(0, NEURONS, step))
    return tasks


def prototype_tasks(folder):
    names = {}
    for file, start, end in (("fast.py", "import", "for L in"), ("wave.py", "P=T-p0", "mt=")):
        code = Path(folder, file).read_text()
        exec(code[code.index(start):code.index(end)], names)  # all but their own timing
    warm = lambda name: (names[name](), seconds(names[name]))[1]  # as probe's
    return {"resid_pre": lambda: warm("s_resid"), "attn_out": lambda: warm("s_attn"),
            "mlp_out": lambda: warm("s_mlp"), "heads": lambda: warm("s_head"),
            "neurons, batched": lambda: min(seconds(names["sweep"], LAYER, size) for size in (64, 256))}


def check_tasks(folder):
    from transformers import AutoModelForCausalLM
    lens = Lens("LN", source := AutoModelForCausalLM.from_pretrained(folder))
    return {"check": lambda: [lens.sweep("resid_pre").tolist(), *lens.ends, lens.neurons(0, 4),
                              difference(source(lens.tokens).logits).item(),
                              [lens.neurons(neuron, 1)[0] for neuron in range(4)]]}


def work(kind, folder):
    """A peer's process: takes the name of a task a line, and answers with a line of JSON."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    import torch
    torch.set_grad_enabled(False)
    tasks = {"check": check_tasks, "prototypes": prototype_tasks}.get(kind, lens_tasks)(folder)
    torch.set_num_threads(THREADS)
    a, b, gflop = torch.randn(1024, 768), torch.randn(768, NEURONS), 2 * 1024 * 768 * NEURONS / 1e9
    tasks["sgemm"] = lambda: gflop / median(seconds(torch.matmul, a, b) for _ in range(10))
    versions = {name: version(name) for name in ("transformer_lens", "transformers", "torch", "numpy")}
    versions |= {"kernels": torch.backends.cpu.get_cpu_capability(), "threads": torch.get_num_threads()}
    tasks["hello"] = lambda: {"tasks": list(tasks), "versions": versions}
    for line in sys.stdin:
        print(json.dumps(tasks[line.strip()]()), file=answers, flush=True)


class Peer:
    """A worker process, and what it measured by task."""
    def __init__(self, kind, python, folder=""):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([python, __file__, "--worker", kind, folder], text=True, stderr=self.log,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        hello = self.ask("hello")
        self.versions, self.times = hello["versions"], {task: [] for task in hello["tasks"]}
        self.title = " ".join([kind, self.versions["transformer_lens"]][:2 - (kind == "prototypes")])

    def ask(self, task):
        print(task, file=self.process.stdin, flush=True)
        if line := self.process.stdout.readline():
            return json.loads(line)
        self.log.seek(0)
        raise OSError("".join(self.log.readlines()[-1:]).strip() or "no answer")


def probe(options, *arguments):
    command = [options.probe, *arguments, "--quiet", f"--threads={THREADS}"]
    return subprocess.check_output(command, text=True)


def benchmark(options, **settings):
    arguments = [f"--{name}={value}" for name, value in settings.items()]
    report = json.loads(probe(options, "benchmark", "--json", *arguments))
    return {**settings, **report, "sweeps": {row["sweep"].split()[0]: row for row in report["sweeps"]}}


def describe(options, report):
    cpu = next(line[13:] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    kept = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(("OPENBLAS", "OMP"))]
    return (f"{cpu}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} {' '.join(kept)}\n"
            f"- probe {probe(options, '--version').strip()}: OpenBLAS {report['blas_kernel']}, "
            f"{report['threads']} threads, medians of {options.repeats}")


def print_table(header, rows):
    text = lambda x: f"{x:.3f}" if isinstance(x, float) and x < 10 else f"{x:,.0f}" if x != str(x) else x
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    print("", *("| " + " | ".join(map(text, line)) + " |" for line in lines), sep="\n")


def compare(options):
    peers = []
    for kind, python, folder in (("TransformerLens", options.tl3, ""), ("TransformerLens", options.tl2, ""),
                                 ("prototypes", options.prototypes and options.tl3, options.prototypes)):
        try:
            peers += [Peer(kind, python, folder)] if python else []
        except OSError as error:
            print(f"{kind} of {python} is left out: {error}", file=sys.stderr)
    ours, rows = [], []
    for turn in range(options.repeats):
        print(f"round {turn + 1} of {options.repeats}", file=sys.stderr)
        ours.append(benchmark(options, repeats=1, length=len(CLEAN), position=POSITION, layer=LAYER))
        for task in ["sgemm", *TASKS]:
            for peer in (peer for peer in peers if task in peer.times):
                peer.times[task].append(peer.ask(task))
    print(describe(options, ours[0]))
    for peer in peers:
        print(f"- {peer.title}:", ", ".join(f"{name} {value}" for name, value in peer.versions.items()))
    own = lambda sweep, key: median(report["sweeps"][sweep][key] for report in ours)
    for task in TASKS:
        sweep = task.split(",")[0]
        rows.append([task, own(sweep, "seconds"), own(sweep, "share_of_limit")])
        for values in (peer.times.get(task) for peer in peers):
            rows[-1] += [median(values), f"{median(values) / rows[-1][1]:.1f}×"] if values else ["", ""]
    rows.append(["sgemm, GFLOP/s", median(report["sgemm_gflop_per_second"] for report in ours), ""])
    rows[-1] += [cell for peer in peers for cell in (median(peer.times["sgemm"]), "")]
    titles = [cell for peer in peers for cell in (peer.title, "÷ probe")]
    print_table(["seconds", "probe", "of limit", *titles], rows)
    return {"probe": ours, "peers": {peer.title: [peer.versions, peer.times] for peer in peers}}


def check(options):
    """The residual sweep of one checkpoint, by probe and by TransformerLens."""
    with tempfile.TemporaryDirectory() as folder:
        probe(options, "init-random", "--out", folder)
        peer = Peer("check", options.tl3, folder)
        probe(options, "patch-residual", "--model", folder, "--clean-ids", str(CLEAN)[1:-1],
              "--corrupted-ids", str(CORRUPTED)[1:-1], f"--answer-id={ANSWER}", f"--wrong-id={WRONG}",
              "--out", folder)
        lines = Path(folder, "patch-residual.csv").read_text().splitlines()
    resid_pre, clean, corrupted, batched, transformers, loop = peer.ask("check")
    ours = [(int(layer), int(pos), float(value)) for layer, pos, value in (line.split(",") for line in lines[1:])]
    error = max(abs(value - resid_pre[layer][pos]) for layer, pos, value in ours)
    limit = min(1e-3, 1e-4 / abs(clean - corrupted))
    print(f"{peer.title}: logit difference {clean:.5f} clean, {corrupted:.5f} corrupted (transformers "
          f"{transformers:.5f}); {len(ours)} cells of resid_pre differ by at most {error:.1e}, {limit:.1e} is "
          f"allowed; batched neurons differ from the loop by {max(abs(a - b) for a, b in zip(batched, loop)):.1e}")
    sys.exit("the numbers differ" if not error < limit or len(ours) != sum(map(len, resid_pre)) else 0)


def scaling(options):
    """probe alone, one thing varied at a time."""
    rows = []
    for length, position, layer, vocabulary in (
            (6, 2, 0, 50257), (6, 2, 5, 50257), (6, 2, 5, 1000), (6, 2, 10, 50257), (24, 2, 10, 50257),
            (96, 2, 10, 50257), (96, 92, 10, 50257)):
        report = benchmark(options, length=length, position=position, layer=layer, vocabulary=vocabulary,
                           repeats=options.repeats)
        neurons, heads, residual = (report["sweeps"][name] for name in ("neurons", "heads", "resid_pre"))
        rows.append([length - position, length, 11 - layer, vocabulary, neurons["seconds"],
                     neurons["needed_gflop"], neurons["share_of_limit"], heads["seconds"], residual["seconds"]])
    print(describe(options, report))
    print_table(["affected positions", "tokens", "layers after the neurons'", "vocabulary", "3,072 neurons, s",
                 "GFLOP", "of limit", "144 heads, s", "resid_pre, s"], rows)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("probe", help="the program, such as .build/release/probe")
    parser.add_argument("--tl3", metavar="PYTHON", help="of the environment with TransformerLens 3")
    parser.add_argument("--tl2", metavar="PYTHON", help="of the environment with TransformerLens 2")
    parser.add_argument("--prototypes", metavar="DIR", help="the folder of fast.py and wave.py; needs --tl3",
                        default=str(Path(__file__).resolve().with_name("prototypes")))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", metavar="FILE", help="save every number")
    parser.add_argument("--check", action="store_true", help="needs --tl3")
    parser.add_argument("--scaling", action="store_true")
    options = parser.parse_args()
    os.environ.pop("OPENBLAS_CORETYPE", None)
    os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1")
    result = (check if options.check else scaling if options.scaling else compare)(options)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    work(*sys.argv[2:]) if sys.argv[1:2] == ["--worker"] else main()
