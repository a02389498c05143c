package message

import (
	"math"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// BodyStructure returns the MIME tree of the message, with extension data, as
// BODY and BODYSTRUCTURE tell it (RFC 9051 §7.5.2). Parameters stand as in the
// header: names that RFC 2231 marks keep their mark, so that clients, which
// know of it, can decode them.
func (x *Index) BodyStructure() *imap.BodyStructure {
	b := x.root.structure()
	return &b
}

func (p *Part) structure() imap.BodyStructure {
	b := imap.BodyStructure{
		Type: p.Type, Subtype: p.Subtype, Params: p.Params,
		Disposition: p.Disposition, DispositionArgs: p.DispositionArgs,
		Language: p.Language, Location: p.Location,
	}
	if p.IsMultipart() {
		b.Parts = make([]imap.BodyStructure, len(p.Parts))
		for i := range p.Parts {
			b.Parts[i] = p.Parts[i].structure()
		}
		return b
	}
	b.ID, b.Description, b.Encoding, b.MD5 = p.ID, p.Description, p.Encoding, p.MD5
	b.Size = uint32(min(p.Body.Size, math.MaxUint32))
	if p.Message != nil {
		b.Envelope, b.Lines = p.Message.Envelope, p.Lines
		b.Parts = []imap.BodyStructure{p.Message.structure()}
		return b
	}
	if p.IsText() {
		b.Lines = p.Lines
	}
	return b
}
