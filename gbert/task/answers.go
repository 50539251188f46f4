package task

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Metrics of spans beside F1, as the official evaluation scripts of SQuAD have them, as shares and not in percent: version 1.1
// (Rajpurkar et al. 2016, arXiv:1606.05250), and version 2.0 (Rajpurkar, Jia and Liang 2018, arXiv:1806.03822) where questions may
// have no answer.
const (
	ExactMatch = "exact_match" // the share of questions whose answer is one of the right ones, but for case, punctuation, articles and white space
	// The same metrics of the questions that have an answer, and of those that have none; absent where there are no such questions.
	HasAnswerExact = "has_answer_exact_match"
	HasAnswerF1    = "has_answer_f1"
	NoAnswerExact  = "no_answer_exact_match"
)

var (
	spanMetrics     = []string{F1, ExactMatch}
	openSpanMetrics = []string{F1, ExactMatch, HasAnswerF1, HasAnswerExact, NoAnswerExact}
)

// Answers says how the answers to questions are found and judged. Zero values mean the defaults named with each field, which are
// those of transformers' run_qa.
type Answers struct {
	// None says that questions may have no answer, as in SQuAD 2.0.
	None bool `json:"none,omitempty"`
	// Stride is how many tokens of a long text stand in two windows after one another; 128, but at most half of a window.
	Stride int `json:"stride,omitempty"`
	// Longest is the largest number of tokens of an answer; 30.
	Longest int `json:"longest,omitempty"`
	// Best is how many first and last tokens of a window are looked at, those with the largest logits; 20.
	Best int `json:"best,omitempty"`
	// Threshold is by how much the score of no answer must be above that of the best one; 0.
	Threshold float64 `json:"threshold,omitempty"`
}

// Filled gives the options with their defaults.
func (a Answers) Filled() Answers {
	for _, f := range []struct {
		field *int
		value int
	}{{&a.Stride, 128}, {&a.Longest, 30}, {&a.Best, 20}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return a
}

// NormalizeAnswer is an answer as it is compared: in lower case, without ASCII punctuation, without the words a, an and the, its
// words parted by one blank.
func NormalizeAnswer(s string) string {
	s = cases.Lower(language.Und).String(s)
	s = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.FieldsFunc(withoutArticles(s), isPythonSpace), " ")
}

// withoutArticles puts a blank in the place of the words a, an and the: Python's \b(a|an|the)\b.
func withoutArticles(s string) string {
	var out strings.Builder
	before := ' '
	for i := 0; i < len(s); {
		if article := articleAt(s[i:]); article > 0 && !isPythonWord(before) {
			out.WriteByte(' ')
			i += article
			before = 'a'
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		out.WriteString(s[i : i+size])
		before, i = r, i+size
	}
	return out.String()
}

// articleAt is the length of the article that s begins with, 0 if there is none.
func articleAt(s string) int {
	for _, article := range []string{"a", "an", "the"} {
		if rest, ok := strings.CutPrefix(s, article); ok {
			if r, size := utf8.DecodeRuneInString(rest); size == 0 || !isPythonWord(r) {
				return len(article)
			}
		}
	}
	return 0
}

// isPythonWord is \w of Python's regular expressions.
func isPythonWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// isPythonSpace is where Python's str.split parts words.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// judge gives the exact match and F1 of an answer: the best over the right ones.
func (a Answers) judge(answer string, right []Answer) (exact, f1 float64) {
	got := NormalizeAnswer(answer)
	gold := make([]string, 0, len(right)+1)
	for _, r := range right {
		if text := NormalizeAnswer(r.Text); text != "" || !a.None {
			gold = append(gold, text)
		}
	}
	if len(gold) == 0 && a.None {
		gold = append(gold, "") // none is the right answer
	}
	for _, want := range gold {
		if got == want {
			exact = 1
		}
		f1 = max(f1, a.wordF1(got, want))
	}
	return exact, f1
}

// wordF1 is F1 over the words of two answers, each counted as often as it is there. Where one of them has no words it is 0 in version
// 1.1, and in version 2.0 says whether the other has none either.
func (a Answers) wordF1(got, want string) float64 {
	x, y := strings.Fields(got), strings.Fields(want)
	if a.None && (len(x) == 0 || len(y) == 0) {
		if len(x) == len(y) {
			return 1
		}
		return 0
	}
	left := map[string]int{}
	for _, word := range y {
		left[word]++
	}
	same := 0
	for _, word := range x {
		if left[word] > 0 {
			left[word]--
			same++
		}
	}
	if same == 0 {
		return 0
	}
	precision, recall := float64(same)/float64(len(x)), float64(same)/float64(len(y))
	return 2 * precision * recall / (precision + recall)
}

func (s *Scorer) spans(predictions []Prediction, gold []Example) error {
	type judged struct {
		exact, f1 float64
		has       bool
	}
	each := make([]judged, len(gold))
	for i := range gold {
		d, err := s.task.detail(i, &gold[i])
		if err != nil {
			return err
		}
		exact, f1 := s.task.Answers.judge(predictions[i].Answer, d.Answers)
		each[i] = judged{exact, f1, len(d.Answers) > 0}
	}
	s.score = func(rows []int) Scores {
		var exact, f1 [2]float64 // of questions without and with an answer
		var count [2]int
		for _, row := range rows {
			j, has := each[row], 0
			if j.has {
				has = 1
			}
			exact[has], f1[has], count[has] = exact[has]+j.exact, f1[has]+j.f1, count[has]+1
		}
		n := float64(len(rows))
		scores := s.task.scores(func(metric string) float64 {
			switch metric {
			case ExactMatch:
				return (exact[0] + exact[1]) / n
			case HasAnswerExact:
				return exact[1] / float64(count[1])
			case HasAnswerF1:
				return f1[1] / float64(count[1])
			case NoAnswerExact:
				return exact[0] / float64(count[0])
			}
			return (f1[0] + f1[1]) / n
		})
		for name, v := range scores {
			if math.IsNaN(v) && len(rows) > 0 {
				delete(scores, name)
			}
		}
		return scores
	}
	return nil
}
