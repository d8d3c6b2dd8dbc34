package slo

// Format names a kind of SLO file.
type Format string

// The formats that are told apart by the document itself.
const (
	FormatNative       Format = "slowburn/v1"
	FormatSloth        Format = "prometheus/v1"
	FormatSlothCRD     Format = "sloth.slok.dev/v1"
	FormatPyrra        Format = "pyrra.dev/v1alpha1"
	FormatOpenSLO      Format = "openslo/v1"
	FormatOpenSLOAlpha Format = "openslo/v1alpha"
)

// Tool is a program whose alert labels and series names objectives of a format keep.
type Tool string

// The tools. OpenSLO is a format without a tool: its objectives are labelled as
// slowburn's own are.
const (
	ToolSlowburn Tool = ""
	ToolSloth    Tool = "sloth"
	ToolPyrra    Tool = "pyrra"
)

// Tool is the one whose labels and names objectives of this format keep.
func (f Format) Tool() Tool {
	switch f {
	case FormatSloth, FormatSlothCRD:
		return ToolSloth
	case FormatPyrra:
		return ToolPyrra
	}
	return ToolSlowburn
}
