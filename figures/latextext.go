package figures

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latexText writes a text of one line for LaTeX, all of whose characters pdfLaTeX knows without further packages: what is not ASCII
// becomes a command, and what has none its code point. Korean, Chinese and Japanese stay as they are, for the package kotex.
func latexText(s string) string {
	var out strings.Builder
	letters := []rune(norm.NFC.String(s))
	for i := 0; i < len(letters); i++ {
		text, marks := latexRune(letters[i])
		if i > 0 && joins(letters[i-1], letters[i]) {
			text = "{}" + text
		}
		for i+1 < len(letters) && unicode.Is(unicode.Mn, letters[i+1]) {
			i++
			marks = append(marks, letters[i])
		}
		for _, m := range marks {
			if accent, ok := latexAccents[m]; ok && text != "" {
				text = accent + "{" + text + "}"
			}
		}
		out.WriteString(text)
	}
	return latexScripts.Replace(out.String())
}

// joins reports whether TeX's fonts would make one sign of two characters.
func joins(a, b rune) bool {
	switch a {
	case '-', '\'', '`', ',', '<', '>':
		return a == b
	case '?', '!':
		return b == '`'
	}
	return false
}

// latexRune writes a character without its marks, and gives these.
func latexRune(r rune) (text string, marks []rune) {
	if text, ok := latexSigns[r]; ok {
		return text, nil
	}
	switch {
	case r > ' ' && r < 0x7f || asian(r):
		return string(r), nil
	case unicode.IsSpace(r):
		return " ", nil
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		return "", nil
	}
	if parts := []rune(norm.NFD.String(string(r))); len(parts) > 1 {
		text, _ = latexRune(parts[0])
		return text, parts[1:]
	}
	if plain := norm.NFKD.String(string(r)); plain != string(r) { // ﬁ, ℃
		return latexText(plain), nil
	}
	return fmt.Sprintf("[U+%04X]", r), nil
}

// asian reports whether kotex sets r in a Korean font.
func asian(r rune) bool {
	return unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF
}

var latexAccents = map[rune]string{
	0x300: `\` + "`", 0x301: `\'`, 0x302: `\^`, 0x303: `\~`, 0x304: `\=`, 0x306: `\u`, 0x307: `\.`, 0x308: `\"`, 0x30A: `\r`, 0x30B: `\H`,
	0x30C: `\v`, 0x323: `\d`, 0x327: `\c`, 0x331: `\b`,
}

// latexScripts joins raised and lowered characters that follow each other.
var latexScripts = strings.NewReplacer("}$$^{", "", "}$$_{", "")

// latexSigns are the characters with a command of their own.
var latexSigns = map[rune]string{
	'\\': `\textbackslash{}`, '{': `\{`, '}': `\}`, '$': `\$`, '&': `\&`, '%': `\%`, '#': `\#`, '_': `\_`, '~': `\textasciitilde{}`,
	'^': `\textasciicircum{}`, '<': `\textless{}`, '>': `\textgreater{}`, '|': `\textbar{}`, '"': "''", '\u00a0': "~",
	'–': "--", '—': "---", '‘': "`", '’': "'", '“': "``", '”': "''", '…': `\ldots{}`, '•': `$\bullet$`, '·': `$\cdot$`,
	'†': `\dag{}`, '‡': `\ddag{}`, '§': `\S{}`, '¶': `\P{}`, '©': `\copyright{}`, '®': `\textregistered{}`, '™': `\texttrademark{}`,
	'€': `\texteuro{}`, '£': `\pounds{}`, '¥': `\textyen{}`, '₩': `\textwon{}`, '¢': `\textcent{}`, '°': `$^{\circ}$`, '¡': "!`", '¿': "?`",
	'ß': `\ss{}`, 'æ': `\ae{}`, 'Æ': `\AE{}`, 'œ': `\oe{}`, 'Œ': `\OE{}`, 'ø': `\o{}`, 'Ø': `\O{}`, 'ł': `\l{}`, 'Ł': `\L{}`, 'ı': `\i{}`, 'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D", 'þ': "th", 'Þ': "Th",
	'−': "$-$", '‐': "-", '‑': "-", '×': `$\times$`, '÷': `$\div$`, '±': `$\pm$`, '∓': `$\mp$`, '≤': `$\leq$`, '≥': `$\geq$`, '≠': `$\neq$`,
	'≈': `$\approx$`, '≡': `$\equiv$`, '∼': `$\sim$`, '∞': `$\infty$`, '∂': `$\partial$`, '∇': `$\nabla$`, '∑': `$\sum$`, '∏': `$\prod$`,
	'∫': `$\int$`, '√': `$\surd$`, '∈': `$\in$`, '∉': `$\notin$`, '⊂': `$\subset$`, '⊆': `$\subseteq$`, '∪': `$\cup$`, '∩': `$\cap$`,
	'∅': `$\emptyset$`, '∀': `$\forall$`, '∃': `$\exists$`, '¬': `$\neg$`, '∧': `$\wedge$`, '∨': `$\vee$`, '⊕': `$\oplus$`, '⊗': `$\otimes$`,
	'⊙': `$\odot$`, '⊥': `$\perp$`, '‖': `$\Vert$`, '∥': `$\Vert$`, '∣': `$\mid$`, '⟨': `$\langle$`, '⟩': `$\rangle$`, '⌈': `$\lceil$`,
	'⌉': `$\rceil$`, '⌊': `$\lfloor$`, '⌋': `$\rfloor$`, '←': `$\leftarrow$`, '→': `$\to$`, '↑': `$\uparrow$`, '↓': `$\downarrow$`,
	'↔': `$\leftrightarrow$`, '⇒': `$\Rightarrow$`, '⇔': `$\Leftrightarrow$`, '↦': `$\mapsto$`, '∝': `$\propto$`, '∘': `$\circ$`,
	'∗': `$\ast$`, '⋅': `$\cdot$`, '∙': `$\cdot$`, '⋯': `$\cdots$`, 'ℓ': `$\ell$`, '′': `$'$`, '″': `$''$`, '∆': `$\Delta$`, '✓': `$\surd$`,
	'✗': `$\times$`, '★': `$\star$`, '☆': `$\star$`, '▁': `\_`, '⁄': "/", '½': `$\frac{1}{2}$`, '¼': `$\frac{1}{4}$`, '¾': `$\frac{3}{4}$`, '⅓': `$\frac{1}{3}$`, '⅔': `$\frac{2}{3}$`, 'ℝ': `$\mathbf{R}$`,
	'α': `$\alpha$`, 'β': `$\beta$`, 'γ': `$\gamma$`, 'δ': `$\delta$`, 'ε': `$\varepsilon$`, 'ζ': `$\zeta$`, 'η': `$\eta$`, 'θ': `$\theta$`,
	'ι': `$\iota$`, 'κ': `$\kappa$`, 'λ': `$\lambda$`, 'μ': `$\mu$`, 'µ': `$\mu$`, 'ν': `$\nu$`, 'ξ': `$\xi$`, 'ο': "o", 'π': `$\pi$`, 'ρ': `$\rho$`,
	'ς': `$\varsigma$`, 'σ': `$\sigma$`, 'τ': `$\tau$`, 'υ': `$\upsilon$`, 'φ': `$\varphi$`, 'χ': `$\chi$`, 'ψ': `$\psi$`, 'ω': `$\omega$`,
	'ϵ': `$\epsilon$`, 'ϕ': `$\phi$`, 'ϑ': `$\vartheta$`,
	'Α': "A", 'Β': "B", 'Γ': `$\Gamma$`, 'Δ': `$\Delta$`, 'Ε': "E", 'Ζ': "Z", 'Η': "H", 'Θ': `$\Theta$`, 'Ι': "I", 'Κ': "K", 'Λ': `$\Lambda$`,
	'Μ': "M", 'Ν': "N", 'Ξ': `$\Xi$`, 'Ο': "O", 'Π': `$\Pi$`, 'Ρ': "P", 'Σ': `$\Sigma$`, 'Τ': "T", 'Υ': `$\Upsilon$`, 'Φ': `$\Phi$`, 'Χ': "X",
	'Ψ': `$\Psi$`, 'Ω': `$\Omega$`,
	'⁰': `$^{0}$`, '¹': `$^{1}$`, '²': `$^{2}$`, '³': `$^{3}$`, '⁴': `$^{4}$`, '⁵': `$^{5}$`, '⁶': `$^{6}$`, '⁷': `$^{7}$`, '⁸': `$^{8}$`,
	'⁹': `$^{9}$`, '⁺': `$^{+}$`, '⁻': `$^{-}$`, 'ⁱ': `$^{i}$`, 'ⁿ': `$^{n}$`, 'ᵀ': `$^{T}$`, 'ᵗ': `$^{t}$`, 'ˣ': `$^{x}$`,
	'₀': `$_{0}$`, '₁': `$_{1}$`, '₂': `$_{2}$`, '₃': `$_{3}$`, '₄': `$_{4}$`, '₅': `$_{5}$`, '₆': `$_{6}$`, '₇': `$_{7}$`, '₈': `$_{8}$`,
	'₉': `$_{9}$`, '₊': `$_{+}$`, '₋': `$_{-}$`, 'ᵢ': `$_{i}$`, 'ₖ': `$_{k}$`, 'ₙ': `$_{n}$`,
}
