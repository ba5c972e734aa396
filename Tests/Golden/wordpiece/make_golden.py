"""Writes what the Python library `tokenizers` makes of many texts with small tokenizers of BERT's and RoBERTa's kind.

Usage: python make_golden.py
Writes into the folder of this script: uncased.json, cased.json (WordPiece) and roberta.json (byte-level BPE), trained on the
texts of ../tokenization/golden.json; uncased.txt, the vocabulary alone; and golden.json: for each the tokens of each text with
special tokens ("ids"), and what they decode to, with and without special tokens. "words": a WordLevel tokenizer.
Made with tokenizers 0.23.3."""
import json, pathlib
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

here = pathlib.Path(__file__).parent
texts = [case["text"] for case in json.loads((here.parent / "tokenization/golden.json").read_text())["cases"]]
corpus = [t for t in texts if len(t) < 300] + """The doctor said that she was tired because the nurse had left the hospital.
The engineer thought that he was working while the parent was sleeping. A man and a woman were walking to the mountains.
She played unbelievably well; unaffordable, undoable, playing, played, player, players, walker, walked.""".split("\n") * 20
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
nasty = """The doctor said that [MASK] was tired.|[MASK]|[MASK] [MASK]|a[MASK]b|[mask]|[ MASK ]|[CLS] a [SEP]|[UNK]|[PAD][PAD]|[SEP
unaffable|UNAFFABLE|Unbelievably unaffordable|playing.|players'|don't do not|He said, "Is it?" -- yes!|a.b,c?d!e'f|$5+6=11~`^|<|>
\u00c9t\u00e9 na\u00efve co\u00f6perate \u00c5ngstr\u00f6m|\u0130stanbul \u0131|\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u039f\u0394\u039f\u03a3|STRA\u1e9eE stra\u00dfe|\ufb01ne|\u01c5|\u1e9b\u0323|\u0344|\u0390
a\u0000b|a\ufffdb|a\u200bb|a\u00adb|a\u0007b|a\u0085b|a\u00a0b|a\tb\nc\rd|\ufeffa|a\u2028b|a\ue000b|a\u0378b|\u3000|\u200d|a\u061cb|\u2060
\u4e2d\u6587a\u4e2d|\u65e5\u672c\u8a9e\u306e\u30c6\u30b9\u30c8|\ud55c\uad6d\uc5b4|\u3400\u4dbf|\U00020000\U0002a6df|\U0002b820|\U0002ceb0|\uf900|\u3007|\u3105
<mask>| <mask>|a <mask> b|a  <mask>  b|<mask><mask>|\n<mask>\n|<s>a</s>|</s>|<pad>|<unk>|The doctor said that<mask> was tired.|<MASK>
\u0e01\u0e33|\u0915\u093c|\u1100\u1161\u11a8|\u20dd|o\u20dd|\u0301|x\u0301\u0302|\u05d1\u05bc\u05b0|\u0627\u064e\u0644|\U0001d400|\u00bd\u00b2|\u2167|\u00bf\u00a1\u2026\u2014\u2019\u201c|\u20ac\u00a3|\u2212\u00d7|\u3002\uff0c\uff01|\U0001f600a\U0001f600""".split("\n")
nasty = [t for line in nasty for t in line.split("|")] + ["", " ", "  \t\n ", "x" * 100, "x" * 101, "\u00e9" * 100, "\u00e9" * 101, "e\u0301" * 100, "|", "a|b",
    "play" + "ing" * 40, "\u4e2d" * 120, ".!" * 60, "\U0001f600" * 101]
texts = nasty + texts[::2]


def wordpiece(lowercase):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=900 if lowercase else 600, special_tokens=SPECIAL,
        limit_alphabet=260, show_progress=False))
    ids = [(s, t.token_to_id(s)) for s in ("[CLS]", "[SEP]")]
    t.decoder = decoders.WordPiece()
    if lowercase:
        t.post_processor = processors.TemplateProcessing(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
            special_tokens=ids)
    else:
        t.post_processor = processors.BertProcessing(ids[1], ids[0])
        t.add_tokens([AddedToken("Hospital-X", normalized=True), AddedToken("\u00c9t\u00e9", normalized=False, single_word=True)])
    return t


def roberta():
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=500, show_progress=False, special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    t.post_processor = processors.RobertaProcessing(("</s>", t.token_to_id("</s>")), ("<s>", t.token_to_id("<s>")), add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    return t


def words():
    list = "the a cat dog ran and he she slept because was tired him self [UNK] [PAD] [MASK] [CLS] [SEP] <eos>".split()
    t = Tokenizer(models.WordLevel({w: i for i, w in enumerate(list)}, unk_token="[UNK]"))
    t.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    t.add_special_tokens(SPECIAL)
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[(s, t.token_to_id(s)) for s in ("[CLS]", "[SEP]")])
    return t


golden = {}
for name, t in {"uncased": wordpiece(True), "cased": wordpiece(False), "roberta": roberta(), "words": words()}.items():
    (here / f"{name}.json").write_text(json.dumps(json.loads(t.to_str()), ensure_ascii=False, separators=(",", ":")) + "\n")
    cases = []
    for text in texts if name != "words" else nasty:
        ids = t.encode(text).ids
        cases.append({"text": text, "ids": ids, "decoded": t.decode(ids, skip_special_tokens=False), "skipping": t.decode(ids)})
    golden[name] = cases
vocabulary = sorted(json.loads((here / "uncased.json").read_text())["model"]["vocab"].items(), key=lambda e: e[1])
assert [i for _, i in vocabulary] == [*range(len(vocabulary))]
(here / "uncased.txt").write_text("".join(token + "\n" for token, _ in vocabulary))
(here / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
