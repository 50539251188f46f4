package report

import _ "embed"

// reportStyle is the style sheet inside every report.
//
//go:embed report.css
var reportStyle string
