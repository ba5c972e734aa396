"""Writes golden.json: what the Python library `tokenizers` makes of many texts.

Usage: python make_golden.py GPT2_FOLDER ORGANISM_TOKENIZER_JSON

GPT2_FOLDER holds GPT-2's vocab.json and merges.txt. Made with tokenizers 0.23.3.
"""

import copy
import json
import pathlib
import random
import sys

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

END = "<|endoftext|>"


def gpt2(folder):
    """GPT-2's tokenizer from its two files, set up as transformers does."""
    model = models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END, special=True)])
    return tokenizer


SPACES = (
    [chr(c) for c in (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680)]
    + [chr(c) for c in range(0x2000, 0x200B)]
    + [chr(c) for c in (0x2028, 0x2029, 0x202F, 0x205F, 0x3000)]
)

WORDS = """
The doctor said that she would see the nurse because he was late.
When Mary and John went to the store, John gave a drink to
The cat sat on the mat. It's 3 o'clock; we're late!
 he| she| they| her| him| his| hers|He|She|THEY
Hello, world!|Hello,world|hello world|HELLO WORLD|HeLLo
don't can't won't I'm you're they've she'll he'd it's let's
DON'T CAN'T I'M YOU'RE THEY'VE SHE'LL HE'D IT'S
Don'T 'Tis 'twas rock'n'roll ''s '''re 'lll 'vex 're's 'sm
he's' 's 't 'r 'v 'l 'm 'd 'S 'RE|x's|x 's|x'  's|'ll'll'll|'|''|'r|'l|'v
don\u2019t can\u2019t she\u2019ll|\u2018quoted\u2019 \u201cdouble\u201d
1|12|123|1234567890|3.14159|1,000,000|-5|1e10|0x1F|2024-01-31|12:34:56|50%|$9.99|#1
a1b2c3|abc123def|1st 2nd 3rd|H2O|x²+y²=z²|½ ¼ ¾|Ⅷ ⅷ Ⅻ|٣ ٤ ٥|१२३|一二三|①②③|𝟘𝟙𝟚|² ³ ¹
 a|  a|   a|    a|a |a  |a   | a | |  |   |     |        |                |a  b|a   b|a    b    c
email@example.com|https://example.com/path?query=1&b=2#frag|C:\\Users\\x|/usr/bin/env|a_b_c|snake_case_name
def f(x):\n    return x + 1\n|if (a && b) { c++; } // d|<html><body>&amp;</body></html>|{"a": [1, 2]}
...|…|!!!|???|?!?!|---|--|—|–|***|###|===|()[]{}<>|.,;:|@#$%^&*|~`|\\|/|"|""|' '
Hello.World|end.Start|(x)|"quoted"|'quoted'|a-b|a—b|a/b|Mr. Smith|U.S.A.|e.g.|i.e.
"""

SCRIPTS = """
Bonjour, ça va très bien, où êtes-vous né?
El niño comió piñas en España. ¿Cómo estás? ¡Olé!
Größe, Fußgänger, Übermut, Straße, ÄÖÜ äöü ẞ
Æsir Øre Ångström åäö þorn ð
Zażółć gęślą jaźń
Příliš žluťoučký kůň
Türkçe: İstanbul, ısı, ığdır
Tiếng Việt: Nguyễn, phở, được
Привет, мир! Как дела?
Ελληνικά: Καλημέρα κόσμε
Українська ґанок їжак
שלום עולם
בְּרֵאשִׁית
مرحبا بالعالم
السَّلَامُ عَلَيْكُمْ ١٢٣
فارسی می‌خواهم ۱۲۳
اردو میں
नमस्ते दुनिया
क्षत्रिय ज्ञान १२३
বাংলা ভাষা
தமிழ் மொழி
తెలుగు భాష
ಕನ್ನಡ
മലയാളം
සිංහල
ภาษาไทยไม่มีช่องว่าง
ລາວ
မြန်မာ
ខ្មែរ
བོད་ཡིག
ქართული ენა
Հայերեն լեզու
አማርኛ
ᏣᎳᎩ ꮳꮃꭹ
ᐃᓄᒃᑎᑐᑦ
中文没有空格，标点是全角的。
繁體中文測試
日本語のテスト、ひらがなとカタカナ。
ﾊﾝｶｸ ｶﾅ
한국어 테스트
한국어
ᄀᄀᄀ
Монгол ᠮᠣᠩᠭᠣᠯ
ꦗꦮ
𐌰𐌱𐌲 𐎠𐎡 𓀀𓀁 𒀀𒀁
𝓗𝓮𝓵𝓵𝓸 𝔘𝔫𝔦 𝕏
ＦＵＬＬ ｗｉｄｔｈ １２３
ﬁ ﬂ ﬀ ǆ ǅ Ǆ
ªº µ Ω Å K ℵ ℓ ™ © ® ℃ №
∀x∈ℝ: ⌈x⌉ = −⌊−x⌋ ≠ ∞ ± × ÷
→ ← ↑ ↓ ⇒ ■ □ ● ★ ☃ ✓ ✗
€ £ ¥ ₹ ₿ ¢ ¤
"""

EMOJI = (
    "😀|😀😀😀|Hi 😀!|a😀b|👍🏽|👩‍👩‍👧‍👦|👨🏿‍🚀|🏳️‍🌈|🇩🇪|🇩🇪🇫🇷🇯🇵|🏴󠁧󠁢󠁥󠁮󠁧󠁿|❤️|❤|☺️|1️⃣|#️⃣|🤷🏻‍♀️|🧑‍💻|🫠|🪿|🫨|"
    "😀 😀  😀|text👩‍💻text|©️|™️"
).split("|")

MARKS = [
    "e\u0301", "é", "e\u0301\u0302\u0303", "\u0301", " \u0301a", "a\u0301b", "n\u0303o",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e", "o\u20dd", "\u20d0x",
    "क\u093c", "\u0e01\u0e33", "Å \u212b A\u030a", "\u1e9b\u0323", "가 \u1100\u1161", "x\ufe0f", "1\u0301 2",
]

INVISIBLE = [
    "\ufeff", "\ufeffHello", "a\ufeffb", "\u200b", "a\u200bb", "a \u200b b", "\u200c", "\u200d", "a\u200db",
    "\u2060", "\u00ad", "soft\u00adhyphen", "\u180e", "a\u180eb", "\u061c", "\u200e\u200f", "\u202aabc\u202c",
    "\u2066x\u2069", "\ufff9\ufffa\ufffb", "\ufffd", "a\ufffdb", "\ufffe", "\uffff", "\ue000", "\U000f0000",
    "\U0010ffff", "\U0001d173", "\u0080", "\u0081\u0082", "\u009f", "\u0378", "\U000e0001", "\u3164", "\u2800",
    "\x00", "a\x00b", "\x1b[31mred\x1b[0m", "\x1c\x1d\x1e\x1f", "a\x1cb", "\x7f", " \x7f ", "\b\b",
]

LINES = [
    "\n", "\n\n", "\n\n\n", "\n\n\n\n", "a\n", "\na", "a\nb", "a\n\nb", "a\n\n\nb", "a \nb", "a\n b", "a \n b",
    "\r\n", "a\r\nb", "a\r\n\r\nb", "\r", "a\rb", "\r\r", "\n\r", "\t", "\t\t", "a\tb", "a\t\tb", "\ta", " \ta",
    "\t a", "\n\t", "\n \n", " \n \n ", "\n    indented\n        more\n", "line one.\nline two.\n", "a\vb\fc",
    "\u2028", "a\u2028b", "a\u2029\u2029b", "a\u0085b", "\u00a0", "a\u00a0b", "a \u00a0b", "a\u00a0 b",
    "a\u3000b", "a\u3000\u3000b", "\u3000a", " \u3000 a", "a\u200ab", "x\u00a0\u00a0y", "1\u202f000",
]

SPECIAL = [
    END, END + END, f"a{END}", f"{END}a", f"a{END}b", f"a {END} b", f"{END} a", f" {END}", f"\n{END}\n", f"{END}'s",
    f"it{END}'s", f"  {END}  x", "<|endoftext", "endoftext|>", "<|ENDOFTEXT|>", "<|endoftext |>", "<" + END + ">",
    "<|endof" + END + "text|>", "<|<|endoftext|>|>", f"One.{END}Two.{END}Three.", "<|endoftext|", "<s>", "[CLS]",
]


def runs():
    """Long words, where the order of merges matters."""
    chance = random.Random(7)
    letters = "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(400))
    return [
        "a" * 7, "a" * 64, "a" * 65, "a" * 301, "A" * 100, "ab" * 80, "the" * 60, "she" * 50, " the" * 30, letters,
        "0" * 50, "1234567890" * 12, "9" * 101, " " * 63, " " * 100 + "x", "\n" * 70, "\t" * 40, "\r\n" * 20, " \n" * 20,
        "!" * 80, "=" * 120, "-" * 99, "." * 77, "?!" * 33, "é" * 40, "漢" * 30, "😀" * 12, "\u0301" * 20, "\u3000" * 20,
        "_" * 64, "'" * 30, "'s" * 30, "*-" * 20, "aA" * 40, "x" * 20 + "1" * 20 + "!" * 20 + " " * 20 + "y", "ha" * 100,
        "antidisestablishmentarianism" * 4, "pneumonoultramicroscopicsilicovolcanoconiosis", "\x00" * 20, "\xa0" * 20,
    ]


def mixed():
    """Random texts over characters of every kind."""
    chance = random.Random(11)
    common = list("aeiostnrhld  ..,'!?0123456789\n\t ABCXYZ'''sdmtlrev")
    odd = list("éßñÅλЖשع你好ひ한😀½²Ⅷ٣\u0301\u200d\ufe0f\ufeff\u00a0\u3000\u2028\x00\x1f€—…") + [END, "'re", "'ll", " 's"]
    texts = []
    for length in (3, 5, 8, 13, 21, 34):
        for _ in range(9):
            pool = common + odd * chance.choice((0, 1, 2))
            texts.append("".join(chance.choice(pool) for _ in range(length)))
    return texts


def texts():
    """Every text once, in order."""
    every = [""] + [chr(c) for c in range(128)]
    every += [part for line in WORDS.strip("\n").split("\n") for part in line.replace("\\n", "\n").split("|")]
    every += SCRIPTS.strip("\n").split("\n") + EMOJI + MARKS + INVISIBLE + LINES + SPECIAL + runs() + mixed()
    every += [f"a{s}b" for s in SPACES] + [f"{s}{s}a" for s in SPACES] + [f" {s}x" for s in SPACES]
    every.append("".join(SPACES))
    return list(dict.fromkeys(every))


def lossy(tokenizer):
    """Random ids, whose bytes are seldom valid UTF-8, with the text they decode to."""
    chance = random.Random(13)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    high = [tokenizer.token_to_id(c) for c in sorted(alphabet) if ord(c) > 0xA0]
    size = tokenizer.get_vocab_size()
    cases = []
    for round in range(60):
        ids = [chance.choice(high) if chance.random() < 0.85 else chance.randrange(size) for _ in range(chance.randrange(1, 12))]
        cases.append({"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)})
    return cases


def token(id, content, special=False, **flags):
    base = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
    return {"id": id, "content": content, **base, **flags}


def variants(organism):
    """The organism's tokenizer with other added tokens and settings."""
    size = len(organism["model"]["vocab"])
    end = token(size - 1, END, special=True)
    settings = [
        ("lstrip", {}, {}, [end, token(size, "[M]", lstrip=True)]),
        ("rstrip", {}, {}, [end, token(size, "[M]", rstrip=True)]),
        ("both strips", {}, {}, [end, token(size, "[M]", lstrip=True, rstrip=True), token(size + 1, "[N]", lstrip=True)]),
        ("single word", {}, {}, [end, token(44, "M", single_word=True), token(size, "[N]", single_word=True, special=True)]),
        ("overlapping", {}, {}, [end, token(size, "[M"), token(size + 1, "[M]"), token(size + 2, "M]N"), token(165, "é")]),
        ("normalized after", {}, {}, [end, token(size, "[M] [N]", normalized=True), token(size + 1, "[N]")]),
        ("prefix space", {"add_prefix_space": True}, {}, [end, token(size, "[M]")]),
        ("no pattern", {"use_regex": False}, {}, [end, token(size, "[M]")]),
        ("ignore merges", {}, {"ignore_merges": True, "merges": []}, [end, token(size, "[M]")]),
    ]
    probes = [
        "[M]", "a[M]b", "a [M] b", "a  [M]  b", "[M][M]", "[M] [M]", "[M] [N]", " [M]\u3000\n[N] x", "[M]\u00a0\u2028[N]", "M", "a M b",
        "aM", "M1", "M_", "_M", "M-M", "é M\u0301", "M\u200d", "M M M", "MM", "[N]a", "a[N]", "a [N] a", "[M]N", "[MM]", "[[M]]", "[M[M]N]",
        "éa\u0301é", "", " ", "Hello", " Hello", "\nHello", "Hello [M]she said", f"{END}she{END} he", "the doctor said, \"she's late\"", "  two",
    ]
    result = []
    for name, step, model, added in settings:
        changed = copy.deepcopy(organism)
        changed["added_tokens"] = added
        changed["pre_tokenizer"].update(step)
        changed["model"].update(model)
        tokenizer = Tokenizer.from_str(json.dumps(changed))
        cases = []
        for text in probes:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            cases.append({
                "text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False),
                "skipping": tokenizer.decode(ids, skip_special_tokens=True),
            })
        result.append({"name": name, "pre_tokenizer": step, "model": model, "added_tokens": added, "cases": cases})
    return result


def main():
    folder, organism_file = map(pathlib.Path, sys.argv[1:])
    organism = Tokenizer.from_file(str(organism_file))
    both = {"gpt2": gpt2(folder), "organism": organism}
    cases = []
    for text in texts():
        case = {"text": text}
        for name, tokenizer in both.items():
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            case[name] = ids
            decoded = tokenizer.decode(ids, skip_special_tokens=False)
            if decoded != text:
                case[name + "_decoded"] = decoded
        cases.append(case)
    golden = {
        "tokenizers": tokenizers.__version__,
        "cases": cases,
        "organism_size": organism.get_vocab_size(),
        "lossy": {name: lossy(tokenizer) for name, tokenizer in both.items()},
        "variants": variants(json.loads(organism_file.read_text())),
    }
    rows = json.dumps(golden, separators=(",", ":")).replace('},{"text"', '},\n{"text"').replace('},{"ids"', '},\n{"ids"')
    pathlib.Path(__file__).with_name("golden.json").write_text(rows + "\n")
    print(len(cases), "texts", len(rows), "bytes")


main()
