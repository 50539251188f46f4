package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// meaning is what a column's values mean beyond their physical type: Parquet's logical types, as far as they change how a value reads.
type meaning int

const (
	asStored  meaning = iota
	unsigned          // an integer without a sign
	decimal           // an integer, or its big-endian bytes in two's complement, over 10^scale
	date              // days since 1970
	clock             // time since midnight
	timestamp         // time since 1970
	half              // a 16-bit float
	uuid
)

// The numbers of logical types (the union LogicalType) and of converted types, their predecessors.
const (
	logicalMap, logicalList, logicalDecimal, logicalDate, logicalTime, logicalTimestamp = 2, 3, 5, 6, 7, 8
	logicalInteger, logicalBSON, logicalUUID, logicalFloat16, logicalLast               = 10, 13, 14, 15, 15

	convertedDecimal, convertedDate, convertedTimeMillis, convertedTimeMicros = 5, 6, 7, 8
	convertedTimestampMillis, convertedTimestampMicros, convertedUint8        = 9, 10, 11
	convertedUint64, convertedBSON, convertedInterval                         = 14, 20, 21
	mostScale, mostDecimalBytes                                               = 76, 32 // of Arrow's decimal256
)

// logical reads a leaf's logical or converted type into the column, and says why it cannot be read, or nothing.
func (c *Column) logical(e *node) (why string) {
	if union, ok := e.get(10); ok && len(union.fields) == 1 {
		return c.logicalType(union.fields[0].id, &union.fields[0].node, e)
	}
	switch converted := e.integer(6, -1); {
	case converted == convertedDecimal:
		return c.decimal(e.integer(7, 0))
	case converted == convertedDate:
		c.meaning = date
	case converted == convertedTimeMillis, converted == convertedTimeMicros:
		c.meaning, c.perSecond = clock, map[bool]int64{true: 1e3, false: 1e6}[converted == convertedTimeMillis]
	case converted == convertedTimestampMillis, converted == convertedTimestampMicros:
		c.meaning, c.perSecond = timestamp, map[bool]int64{true: 1e3, false: 1e6}[converted == convertedTimestampMillis]
	case converted >= convertedUint8 && converted <= convertedUint64:
		c.meaning = unsigned
	case converted == convertedBSON:
		return "a BSON document"
	case converted == convertedInterval:
		return "an interval of time"
	}
	return ""
}

func (c *Column) logicalType(id int16, detail, e *node) (why string) {
	switch id {
	case logicalDecimal:
		return c.decimal(detail.integer(1, 0))
	case logicalDate:
		c.meaning = date
	case logicalTime, logicalTimestamp:
		unit, ok := detail.get(2)
		if !ok || len(unit.fields) != 1 || unit.fields[0].id < 1 || unit.fields[0].id > 3 {
			return "a time in an unknown unit"
		}
		c.meaning, c.perSecond = clock, [...]int64{1e3, 1e6, 1e9}[unit.fields[0].id-1]
		if id == logicalTimestamp {
			c.meaning = timestamp
		}
	case logicalInteger:
		if detail.integer(2, 1) == 0 {
			c.meaning = unsigned
		}
	case logicalUUID:
		c.meaning = uuid
	case logicalFloat16:
		c.meaning = half
	case logicalBSON, logicalMap, logicalList:
		return "a document"
	default:
		if id > logicalLast {
			return fmt.Sprintf("of the logical type %d, which is not known here", id)
		}
	}
	return ""
}

func (c *Column) decimal(scale int64) (why string) {
	if scale < 0 || scale > mostScale {
		return fmt.Sprintf("a decimal of scale %d", scale)
	}
	c.meaning, c.scale = decimal, int(scale)
	return ""
}

// kind is what the values are, or why they cannot be what the column says.
func (c *Column) kind() (Kind, string) {
	integer := c.physical == physicalInt32 || c.physical == physicalInt64
	bytes := c.physical == physicalBytes || c.physical == physicalFixed
	switch c.meaning {
	case unsigned:
		return Integer, misfit(integer, "unsigned integers")
	case date, clock, timestamp:
		return Moment, misfit(integer, "times")
	case decimal:
		fits := bytes && c.width <= mostDecimalBytes && (c.width == 0 || c.scale <= 5*c.width/2) // a byte has 2.4 digits
		return Float, misfit(integer && c.scale <= 18 || fits, "decimals")
	case half:
		return Float, misfit(c.physical == physicalFixed && c.width == 2, "16-bit floats")
	case uuid:
		return Text, misfit(c.physical == physicalFixed && c.width == 16, "UUIDs")
	}
	switch {
	case integer:
		return Integer, ""
	case c.physical == physicalBoolean:
		return Boolean, ""
	case c.physical == physicalFloat, c.physical == physicalDouble:
		return Float, ""
	case bytes:
		return Text, ""
	case c.physical == physicalInt96:
		return Unsupported, "a time of 96 bits"
	}
	return Unsupported, fmt.Sprintf("of the physical type %d", c.physical)
}

func misfit(fits bool, what string) string {
	if fits {
		return ""
	}
	return "declared as " + what + " that its physical type cannot hold"
}

// integer writes a value of INT32 or INT64.
func (c *Column) integer(v int64) string {
	switch c.meaning {
	case unsigned:
		if c.physical == physicalInt32 {
			return strconv.FormatUint(uint64(uint32(v)), 10)
		}
		return strconv.FormatUint(uint64(v), 10)
	case decimal:
		return pointed(strconv.FormatInt(v, 10), c.scale)
	case date:
		return time.Unix(0, 0).UTC().AddDate(0, 0, int(int32(v))).Format(time.DateOnly)
	case clock:
		return c.moment(v).Format("15:04:05.999999999")
	case timestamp:
		return c.moment(v).Format("2006-01-02T15:04:05.999999999")
	}
	return strconv.FormatInt(v, 10)
}

// moment is the time v in the column's unit after 1970.
func (c *Column) moment(v int64) time.Time {
	return time.Unix(v/c.perSecond, v%c.perSecond*(1e9/c.perSecond)).UTC()
}

// bytes writes a value of BYTE_ARRAY or FIXED_LEN_BYTE_ARRAY.
func (c *Column) bytes(s string) (string, error) {
	if c.width > 0 && len(s) != c.width {
		return "", fmt.Errorf("a value of %d bytes in a column of %d", len(s), c.width)
	}
	switch c.meaning {
	case decimal:
		if len(s) == 0 || len(s) > mostDecimalBytes {
			return "", fmt.Errorf("a decimal of %d bytes: from 1 to %d were expected", len(s), mostDecimalBytes)
		}
		v := new(big.Int).SetBytes([]byte(s))
		if s[0] >= 0x80 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(s))))
		}
		return pointed(v.String(), c.scale), nil
	case half:
		return strconv.FormatFloat(float64(widen(binary.LittleEndian.Uint16([]byte(s)))), 'g', -1, 64), nil
	case uuid:
		return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:]), nil
	}
	return s, nil
}

// texts writes values in place.
func (c *Column) texts(cells []string) ([]string, error) {
	if c.meaning == asStored && c.width == 0 {
		return cells, nil
	}
	for i, s := range cells {
		var err error
		if cells[i], err = c.bytes(s); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

// pointed divides an integer in decimal digits by 10^scale.
func pointed(digits string, scale int) string {
	if scale == 0 {
		return digits
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	return sign + digits[:point] + "." + digits[point:]
}

// widen gives the float32 that equals an IEEE 754 binary16 number.
func widen(h uint16) float32 {
	sign, exponent, fraction := uint32(h&0x8000)<<16, uint32(h>>10)&0x1f, uint32(h&0x3ff)
	switch exponent {
	case 0:
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
