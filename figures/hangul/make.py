"""Makes the font for Korean from Nanum Barun Gothic: all 11,172 syllables, letters, Korean punctuation, and signs that Liberation Sans lacks.

    python3 -m venv v && v/bin/pip install fonttools==4.60.1 brotli==1.2.0
    v/bin/python make.py /usr/share/fonts/truetype/nanum

The folder is that of Debian's package fonts-nanum 20200506-1. The result, regular.woff2 and bold.woff2, goes beside this file; the
same versions give the same bytes. Nanum's licence (OFL.txt) reserves its names for the originals, so the result has one of its own.
"""

import hashlib
import logging
import pathlib
import sys

import fontTools
from fontTools import subset
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

FAMILY = "Bertlab Hangul"
SOURCES = {
    "regular": ("NanumBarunGothic.ttf", "9b872773134e2e4d8c0b17021266786576db06c843ede0d0b523b214a450756c"),
    "bold": ("NanumBarunGothicBold.ttf", "39bba4cd9bd2986143825c8654abbb62443914ab33b346c0c929a916f5d98bf2"),
}
SYLLABLES = range(0xAC00, 0xD7A4)
LETTERS = range(0x3131, 0x318F)
# the signs of KS X 1001, but Latin, Greek, Cyrillic and Japanese letters
SIGNS = [c for c in (ord(bytes([a, b]).decode("euc_kr", "replace")[0]) for a in (0xA1, 0xA2, 0xA3, 0xA5, 0xA7, 0xA8, 0xA9) for b in range(0xA1, 0xFF)) if c != 0xFFFD]
MORE = [ord(c) for c in "‖∈⊙₩"]
# Raised and lowered characters that Liberation Sans lacks are made of the plain ones.
RAISED = dict(zip("⁰⁹⁺⁻ⁱ", "09+-i"))
LOWERED = dict(zip("₊₋ₖₙ", "+-kn"))
SCALE, RISE, FALL = 0.62, 300, -130  # of the size; of 1,000 units an em


def derive(font: TTFont) -> list[int]:
    """Adds the raised and lowered characters; returns their code points."""
    glyphs, plain_glyphs, added = font["glyf"], font.getGlyphSet(), []
    for table, shift in ((RAISED, RISE), (LOWERED, FALL)):
        for character, plain in table.items():
            code, base = ord(character), font.getBestCmap()[ord(plain)]
            pen = TTGlyphPen(None)
            plain_glyphs[base].draw(TransformPen(pen, (SCALE, 0, 0, SCALE, 0, shift)))
            name = f"script{code:04X}"
            font.setGlyphOrder(font.getGlyphOrder() + [name])
            glyphs[name] = glyph = pen.glyph()
            glyph.recalcBounds(glyphs)
            font["hmtx"][name] = (round(font["hmtx"][base][0] * SCALE), glyph.xMin)
            for t in font["cmap"].tables:
                if t.isUnicode():
                    t.cmap[code] = name
            added.append(code)
    return added


def make(source: pathlib.Path, sha256: str, style: str) -> TTFont:
    raw = source.read_bytes()
    if hashlib.sha256(raw).hexdigest() != sha256:
        sys.exit(f"{source} is another version: wanted that of fonts-nanum 20200506-1")
    font = TTFont(source, recalcTimestamp=False)
    derived = derive(font)
    options = subset.Options(hinting=False, layout_features=[], name_IDs=[0, 1, 2, 4, 6, 13, 14], notdef_outline=True)
    options.drop_tables += ["kern", "GPOS", "GSUB", "GDEF"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[*SYLLABLES, *LETTERS, *SIGNS, *MORE, *derived])
    subsetter.subset(font)
    names = font["name"]
    copyright_notice = names.getDebugName(0)
    names.names = []
    for number, text in {0: copyright_notice, 1: FAMILY, 2: style, 4: f"{FAMILY} {style}", 6: f"BertlabHangul-{style}",
                         13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.", 14: "https://openfontlicense.org"}.items():
        names.setName(text, number, 3, 1, 0x409)
    font["post"].formatType = 3.0
    font.flavor = "woff2"
    return font


if __name__ == "__main__":
    if fontTools.version != "4.60.1":
        sys.exit(f"fonttools {fontTools.version}: wanted 4.60.1")
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    for weight, (name, sha256) in SOURCES.items():
        out = pathlib.Path(__file__).with_name(weight + ".woff2")
        make(pathlib.Path(sys.argv[1]) / name, sha256, weight.capitalize()).save(out)
        print(out.name, out.stat().st_size, "bytes", hashlib.sha256(out.read_bytes()).hexdigest())
