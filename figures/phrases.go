package figures

import "strings"

// phrases are the words that figures and tables say by themselves, in other languages than English.
var phrases = map[string]map[string]string{
	"ko": {
		"bar": "막대", "column": "열", "count": "개수", "from": "시작", "front": "프런트", "grid": "격자", "group": "그룹", "high": "상한",
		"least-squares fit": "최소제곱 직선", "low": "하한", "marked": "표시함", "name": "이름", "no": "아니요", "no value": "값 없음",
		"nothing beats it": "더 나은 것이 없음", "path": "경로", "point": "점", "row": "행", "series": "계열", "share": "비율", "to": "끝",
		"value": "값", "what": "종류", "yes": "예",
		"Drag, or use the arrow keys, to turn the surface.": "마우스로 끌거나 화살표 키를 눌러 곡면을 돌릴 수 있다.",
	},
}

// phrase is a standing phrase in a language by its tag; English where it has no other.
func phrase(language, english string) string {
	tag, _, _ := strings.Cut(strings.ToLower(language), "-")
	if said, ok := phrases[tag][english]; ok {
		return said
	}
	return english
}

// say is a standing phrase in the frame's language.
func (f Frame) say(english string) string { return phrase(f.Language, english) }
