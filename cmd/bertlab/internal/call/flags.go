package call

import (
	"regexp"
	"strings"
)

// fields are the names that options have in the library, with the flags that fill them. The rooms below know no flags: their errors name
// these.
var fields = map[string]string{
	"Columns.Text": "--text-column", "Columns.Pair": "--pair-column", "Columns.Label": "--label-column",
	"Columns.Labels": "--labels", "Columns.LabelsByNumber": "--labels-by-number",
	"Columns.Unlabelled": "--split test",

	"Options.Kind": "--method", "Options.Scope": "--scope", "Options.Attention": "--granularity", "Options.FFN": "--granularity-ffn",
	"Options.Remaining": "--remaining", "Options.Lambda": "--lambda", "Options.Threshold": "--threshold",
	"Options.ScoreLearningRate": "--score-lr", "Options.ScoreOptimizer": "--score-optimizer",
	"Options.WarmupShare": "--prune-warmup", "Options.CoolDownShare": "--cool-down",

	"Model.Dense": "bertlab export --dense",
}

// fieldName finds a name of the library in a message: a type's and a field's or a method's.
var fieldName = regexp.MustCompile(`\b[A-Z][A-Za-z]*\.[A-Z][A-Za-z]*\b`)

// Flags is a message in which flags stand in place of the names that options have in the library. has says whether the command that
// failed has a flag; of another's, the message says so.
func Flags(message string, has func(flag string) bool) string {
	return fieldName.ReplaceAllStringFunc(message, func(name string) string {
		flag, ok := fields[name]
		if !ok {
			return name
		}
		if name, isFlag := strings.CutPrefix(flag, "--"); isFlag {
			if name, _, _ = strings.Cut(name, " "); !has(name) {
				return flag + " of bertlab eval"
			}
		}
		return flag
	})
}
