package ganesh2021

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// drawings are the experiment's figures in the order of the report.
func (r *Result) drawings() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "shares", Build: r.ShareBars, Caption: experiment.Text{
			English: "The share of each component in parameters, operations, activation memory and time, side by side.",
			Korean:  "파라미터, 연산량, 활성값 메모리, 실행 시간에서 각 구성 요소가 차지하는 비중.",
		}},
		{Name: "base", Build: r.BaseBars, Caption: experiment.Text{
			English: "The paper's model, BERT-base, counted from its shape.",
			Korean:  "논문의 모델인 BERT-base를 구조만으로 계산한 파라미터와 연산량의 비중.",
		}},
		{Name: "attention", Build: r.AttentionBars, Caption: experiment.Text{
			English: "Attention's share of the time beside its share of the operations, by length.",
			Korean:  "문장 길이에 따른 어텐션의 시간 비중과 연산량 비중.",
		}},
		{Name: "scatter", Build: r.ShareScatter, Caption: experiment.Text{
			English: "Each component's share of the time against its share of the operations.",
			Korean:  "구성 요소별 연산량 비중(가로)과 시간 비중(세로). 직선 위쪽이면 연산량에 비해 시간이 많이 든다.",
		}},
		{Name: "length", Build: r.LengthBars, Caption: experiment.Text{
			English: "The time of one token, by component: attention grows with the length, the linear maps do not.",
			Korean:  "토큰 하나를 처리하는 시간을 구성 요소별로 나눈 것. 어텐션은 문장 길이에 따라 늘지만 선형 변환은 그렇지 않다.",
		}},
		{Name: "grid", Build: r.GridHeatmap, Caption: experiment.Text{
			English: "The time of one token over batch sizes and lengths.",
			Korean:  "배치 크기와 문장 길이에 따른 토큰당 시간.",
		}},
		{Name: "memory", Build: r.MemoryBars, Caption: experiment.Text{
			English: "Memory of the pass: weights, what inference needs beside them, and what training would keep.",
			Korean:  "순전파의 메모리: 가중치, 추론에 추가로 필요한 메모리, 학습이라면 보관해야 하는 활성값.",
		}},
	}
}

// Figures are the experiment's figures in the order of the report.
func (r *Result) Figures() ([]experiment.NamedFigure, error) {
	return experiment.Draw("profile-", r.drawings())
}

// Figure is one of the figures, by its name: shares, base, attention, scatter, length, grid or memory. It is an error where the
// model has nothing of the kind.
func (r *Result) Figure(name string) (experiment.NamedFigure, error) {
	var known []string
	for _, d := range r.drawings() {
		if known = append(known, d.Name); d.Name != name {
			continue
		}
		figure, err := d.Build()
		if err == nil && figure == nil {
			err = errors.New("the model has nothing of the kind")
		}
		if err != nil {
			return experiment.NamedFigure{}, fmt.Errorf("ganesh2021: %s: %w", name, err)
		}
		return experiment.NamedFigure{Name: "profile-" + name, Figure: figure, Caption: d.Caption}, nil
	}
	return experiment.NamedFigure{}, fmt.Errorf("ganesh2021: no figure is called %q: choose from %s", name, strings.Join(known, ", "))
}

// Publication is what the experiment leaves in a folder.
func (r *Result) Publication() (experiment.Publication, error) {
	list, err := r.Figures()
	if err != nil {
		return experiment.Publication{}, err
	}
	return experiment.Publication{
		Name: "profile", Result: r, Figures: list, Tables: r.Tables(),
		Report: func(lang experiment.Language) (*figures.Report, error) {
			sections, err := r.sections(list, lang)
			title := experiment.Text{English: "bertlab: what happens inside", Korean: "bertlab: 모델 안에서 무슨 일이 일어나는가"}
			return &figures.Report{Title: title.In(lang), Subtitle: r.caption(pass), Sections: sections}, err
		},
	}, nil
}

// Write puts the result into a folder: profile.json, figures, tables and the report profile.html in two languages. It returns the
// paths, the report last.
func (r *Result) Write(dir string) ([]string, error) {
	publication, err := r.Publication()
	if err != nil {
		return nil, err
	}
	return publication.Write(dir)
}

// sections are the report's in a language.
func (r *Result) sections(list []experiment.NamedFigure, lang experiment.Language) ([]figures.Section, error) {
	blocks := map[string]figures.Block{}
	for _, f := range list {
		blocks[f.Name] = f.Block(lang)
	}
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	say := func(english, korean string) figures.Block { return figures.Paragraph(in(english, korean)) }
	provenance, err := experiment.ProvenanceSection(r.Provenance, r.Config, lang)
	if err != nil {
		return nil, err
	}
	sections := []figures.Section{
		{Title: in("What each component takes", "구성 요소별 비용"), Blocks: []figures.Block{
			say("Ganesh et al. (TACL 2021, arXiv:2002.11985) profile BERT-base before they compare ways of compressing it: a technique can only gain what its component takes. Here the same is counted and measured on "+r.Config.Model+".",
				"Ganesh 외(TACL 2021, arXiv:2002.11985)는 압축 기법을 비교하기에 앞서 BERT-base를 프로파일링한다. 어떤 기법도 그 대상 구성 요소가 차지하는 비용 이상을 줄일 수는 없기 때문이다. 여기서는 같은 것을 "+r.Config.Model+" 모델에서 계산하고 측정한다."),
			say("Counted and timed is the full encoder with its pooler, every layer at every position. A classifier computes [CLS] alone in its last layer, which is less.",
				"계산하고 측정한 것은 모든 층의 모든 위치와 풀러를 포함한 전체 순전파이다. 분류기는 마지막 층에서 [CLS]만 계산하므로 이보다 적다."),
			blocks["profile-shares"], experiment.ClaimsBlock(r.Claims, lang), figures.TableBlock{Table: r.ParameterTable()}, figures.TableBlock{Table: r.Config.Table()},
		}},
		{Title: in("The paper's model", "논문의 모델"), Blocks: []figures.Block{
			say("BERT-base needs no weights to be counted: its shape says it all.", "BERT-base의 파라미터와 연산량은 가중치 없이 구조만으로 정확히 계산된다."),
			blocks["profile-base"], figures.TableBlock{Table: r.BaseTable()},
		}},
		{Title: in("Time against operations", "시간과 연산량"), Blocks: []figures.Block{
			say("If time followed the operations, all points would lie on the line. A component above it has small products, or work that is no product at all, such as softmax.",
				"시간이 연산량에 비례한다면 모든 점이 직선 위에 놓일 것이다. 직선보다 위에 있는 구성 요소는 행렬 곱이 작거나, 소프트맥스처럼 행렬 곱이 아닌 계산을 한다."),
			blocks["profile-attention"], blocks["profile-scatter"],
		}},
		{Title: in("Length and batch size", "문장 길이와 배치 크기"), Blocks: []figures.Block{blocks["profile-length"], blocks["profile-grid"]}},
		{Title: in("Memory", "메모리"), Blocks: []figures.Block{
			say("Inference reuses its scratch memory layer by layer; training keeps every activation for the gradient.",
				"추론은 층마다 작업 메모리를 재사용하지만, 학습은 그래디언트를 위해 모든 활성값을 보관한다."),
			blocks["profile-memory"],
		}},
		{Title: in("Do the counts agree, and do the parts add up?", "계산은 서로 맞고, 부분의 합은 전체와 같은가"), Blocks: []figures.Block{
			figures.TableBlock{Table: CountTable("Counts", r.Profile)}, figures.TableBlock{Table: SumTable("Sums of times", r.Profile)}, figures.TableBlock{Table: ComponentTable("All components", r.Profile)},
		}},
	}
	if r.Other != nil {
		sections = append(sections, figures.Section{Title: in("On the CPU", "CPU에서"), Blocks: []figures.Block{figures.TableBlock{Table: ComponentTable("All components on the CPU", r.Other)}}})
	}
	if r.Base != nil {
		sections = append(sections, figures.Section{Title: in("BERT-base, timed with random weights", "무작위 가중치로 측정한 BERT-base"), Blocks: []figures.Block{
			figures.TableBlock{Table: CountTable("BERT-base: counts", r.Base)}, figures.TableBlock{Table: SumTable("BERT-base: sums of times", r.Base)}, figures.TableBlock{Table: ComponentTable("BERT-base: all components", r.Base)},
		}})
	}
	for i := range sections {
		sections[i].Blocks = slices.DeleteFunc(sections[i].Blocks, func(b figures.Block) bool { return b == nil })
	}
	return append(sections, provenance), nil
}
