package jupyter

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestTidyTakesOutWhatDiffersFromRunToRun(t *testing.T) {
	const raw = `{"nbformat":4,"nbformat_minor":5,"metadata":{"language_info":{"name":"go","version":"go1.26.8","pygments_lexer":""}},"cells":[
		{"cell_type":"markdown","metadata":{},"source":["a < b & \u00e9"]},
		{"cell_type":"code","execution_count":2,"metadata":{"execution":{"iopub.status.busy":"2026"},"tags":["x"]},"source":"1","outputs":[
			{"output_type":"stream","name":"stdout","text":["one\n","tw"]},
			{"output_type":"stream","name":"stdout","text":"o\n10%\r50%\r100%\r\nthree"},
			{"output_type":"stream","name":"stderr","text":"oops\n"},
			{"output_type":"display_data","metadata":{"width":528,"x":1},"data":{"image/png":"AAAA"}},
			{"output_type":"stream","name":"stderr","text":"late\n"}]}]}`
	got, err := Tidy([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "cells": [
  {
   "cell_type": "markdown",
   "metadata": {},
   "source": [
    "a < b & é"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 2,
   "metadata": {
    "tags": [
     "x"
    ]
   },
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "one\n",
      "two\n",
      "100%\n",
      "three"
     ]
    },
    {
     "name": "stderr",
     "output_type": "stream",
     "text": [
      "oops\n"
     ]
    },
    {
     "data": {
      "image/png": "AAAA"
     },
     "metadata": {
      "image/png": {
       "width": 528
      },
      "x": 1
     },
     "output_type": "display_data"
    },
    {
     "name": "stderr",
     "output_type": "stream",
     "text": [
      "late\n"
     ]
    }
   ],
   "source": "1"
  }
 ],
 "metadata": {
  "language_info": {
   "name": "go"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func TestTidyRefusesWhatIsNoNotebook(t *testing.T) {
	for _, text := range []string{
		"", "null", "[]", "{}", `{"nbformat":4}`, `{"nbformat":4,"cells":{}}`, `{"nbformat":4,"cells":[1]}`,
		`{"nbformat":4,"cells":[{"outputs":1}]}`, `{"nbformat":4,"cells":[{"outputs":[1]}]}`,
		`{"nbformat":4,"cells":[{"outputs":[{"output_type":"stream"}]}]}`,
		`{"nbformat":4,"cells":[{"outputs":[{"output_type":"stream","text":[1]}]}]}`,
		`{"nbformat":4,"cells":[]} {}`, `{"nbformat":3,"cells":[]}`,
	} {
		if _, err := Tidy([]byte(text)); err == nil || !strings.Contains(err.Error(), "not a notebook") {
			t.Errorf("Tidy(%s): error is %v", text, err)
		}
	}
}

func FuzzTidyIsIdempotentAndKeepsNotebooksNotebooks(f *testing.F) {
	f.Add([]byte(bare))
	f.Add([]byte(`{"nbformat":4,"cells":[{"outputs":[{"output_type":"stream","name":"stdout","text":"a\rb\n\r\r"},{"output_type":"stream","name":"stdout","text":["c"]}]}]}`))
	f.Add([]byte(`{"nbformat":4,"cells":[{"metadata":{"execution":{}}}],"metadata":{"language_info":{"version":1e400}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := Tidy(text)
		if err != nil {
			return
		}
		if !json.Valid(once) {
			t.Fatalf("no JSON: %s", once)
		}
		twice, err := Tidy(once)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("Tidy of\n%s\nis\n%s", once, twice)
		}
	})
}
