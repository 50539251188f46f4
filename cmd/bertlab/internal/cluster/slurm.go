package cluster

import (
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"
	"time"
)

// Slurm is a job with what Slurm alone asks for. Empty fields leave the choice to the cluster.
type Slurm struct {
	Job
	Partition, Account string
	// Program is how tasks call bertlab.
	Program string
}

//go:embed slurm.sh.tmpl
var slurmText string

var slurmTemplate = template.Must(template.New("slurm").Funcs(template.FuncMap{"quote": quote, "line": oneLine}).Parse(slurmText))

// Check says what is wrong with the job.
func (s *Slurm) Check() error {
	for flag, value := range map[string]string{"partition": s.Partition, "account": s.Account} {
		if !plainWord.MatchString(value) {
			return fmt.Errorf("--%s %q: letters, digits and -_.,:+ were expected", flag, value)
		}
	}
	return s.Job.Check()
}

var plainWord = regexp.MustCompile(`^[-A-Za-z0-9_.,:+]*$`)

// Write writes the script.
func (s *Slurm) Write(w io.Writer) error {
	if err := s.Check(); err != nil {
		return err
	}
	return slurmTemplate.Execute(w, s)
}

// Last is the number of the last task.
func (s *Slurm) Last() int { return s.Tasks - 1 }

// Megabytes is the memory of a task.
func (s *Slurm) Megabytes() int64 { return s.Memory >> 20 }

// Limit is the time of a task as Slurm reads it.
func (s *Slurm) Limit() string { return slurmTime(s.Time) }

// Command is the call of a task but for its part.
func (s *Slurm) Command() string {
	words := append([]string{s.Program, "reproduce"}, s.Arguments...)
	for i, word := range words {
		words[i] = quote(word)
	}
	return strings.Join(words, " ")
}

// Folder is the folder of results.
func (s *Slurm) Folder() string { return clean(s.Out) }

// Warning is how many seconds before its limit a task is told to stop: enough to write what it has.
func (s *Slurm) Warning() int { return int(min(120*time.Second, s.Time/4).Seconds()) }

// slurmTime writes a limit as days-hours:minutes:seconds.
func slurmTime(d time.Duration) string {
	seconds := int(d.Round(time.Second).Seconds())
	return fmt.Sprintf("%d-%02d:%02d:%02d", seconds/86400, seconds/3600%24, seconds/60%60, seconds%60)
}

// quote is a word as a shell reads it.
func quote(word string) string {
	if word != "" && shellWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var shellWord = regexp.MustCompile(`^[-A-Za-z0-9_./:=,+@]+$`)

// oneLine is a text without line breaks, for a comment.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
