package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// A sample is a message of the sample mail. Fields that are empty get a
// default.
type sample struct {
	folder  string
	from    string
	subject string // encoded as RFC 2047 asks when it is not ASCII
	header  string // further header lines, each with its CRLF
	body    string // Content-Type and below, or plain text
	flags   []imap.Flag
}

const (
	png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
	csv = "bmFtZTthZ2UKQWRhOzM2CkdyYWNlOzg1CkJhcmJhcmE7OTQK"
)

// addSamples gives a user a few folders and a few dozen messages.
func addSamples(ctx context.Context, store *memstore.Store, name string) error {
	user, err := store.User(ctx, name)
	if err != nil {
		return err
	}
	defer user.Close()
	for _, f := range []struct {
		name string
		use  []imap.MailboxAttr
	}{
		{"Archive", []imap.MailboxAttr{imap.AttrArchive}},
		{"Drafts", []imap.MailboxAttr{imap.AttrDrafts}},
		{"Junk", []imap.MailboxAttr{imap.AttrJunk}},
		{"Sent", []imap.MailboxAttr{imap.AttrSent}},
		{"Trash", []imap.MailboxAttr{imap.AttrTrash}},
		{"Projects/Analytical Engine", nil},
		{"Projects/Übersetzer", nil},
	} {
		if _, err := user.Create(ctx, f.name, mailbox.CreateOptions{Use: f.use}); err != nil && !errors.Is(err, mailbox.ErrAlreadyExists) {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := user.Subscribe(ctx, f.name, true); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	date := time.Date(2026, 3, 2, 8, 15, 0, 0, time.FixedZone("", 3600))
	for i, s := range samples() {
		date = date.Add(7*time.Hour + time.Duration(i)*13*time.Minute)
		if err := addSample(ctx, user, s, name, i+1, date); err != nil {
			return fmt.Errorf("sample %d: %w", i+1, err)
		}
	}
	return nil
}

func addSample(ctx context.Context, user mailbox.User, s sample, to string, n int, date time.Time) error {
	if s.folder == "" {
		s.folder = imap.Inbox
	}
	folder, err := user.Open(ctx, s.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	tx, err := folder.Append(ctx)
	if err != nil {
		return err
	}
	defer tx.Abort()
	text := s.message(to, n, date)
	w, err := tx.Message(int64(len(text)), s.flags, date)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	_, err = tx.Commit()
	return err
}

// message returns the octets of the message.
func (s sample) message(to string, n int, date time.Time) string {
	var b strings.Builder
	from := s.from
	if from == "" {
		from = "Ada Lovelace <ada@example.org>"
	}
	fmt.Fprintf(&b, "Date: %s\r\nFrom: %s\r\nTo: %s@example.com\r\n", date.Format(time.RFC1123Z), from, to)
	fmt.Fprintf(&b, "Subject: %s\r\nMessage-ID: <sample.%d@example.org>\r\n", mime.QEncoding.Encode("utf-8", s.subject), n)
	b.WriteString(s.header)
	b.WriteString("MIME-Version: 1.0\r\n")
	if !strings.HasPrefix(s.body, "Content-Type:") {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	}
	b.WriteString(strings.ReplaceAll(strings.TrimSuffix(s.body, "\n")+"\n", "\n", "\r\n"))
	return b.String()
}

// multipart puts parts together; each is header lines, an empty line and content.
func multipart(kind, boundary string, parts ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Content-Type: multipart/%s; boundary=\"%s\"\n\n", kind, boundary)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\n%s\n", boundary, p)
	}
	fmt.Fprintf(&b, "--%s--", boundary)
	return b.String()
}

func attachment(contentType, name, base64Text string) string {
	return fmt.Sprintf("Content-Type: %s; name=\"%s\"\nContent-Disposition: attachment; filename=\"%s\"\nContent-Transfer-Encoding: base64\n\n%s\n",
		contentType, name, name, base64Text)
}

func samples() []sample {
	seen := []imap.Flag{imap.FlagSeen}
	html := func(text string) string {
		return "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n<html><body><p>" + text + "</p></body></html>\n"
	}
	plain := func(text string) string {
		return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text + "\n"
	}
	forwarded := "Content-Type: message/rfc822\n\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nFrom: Charles Babbage <charles@example.net>\nTo: ada@example.org\nSubject: The mill\nMessage-ID: <mill@example.net>\nMIME-Version: 1.0\n" +
		multipart("mixed", "inner", plain("The mill needs oil."), attachment("image/png", "mill.png", png)) + "\n"
	all := []sample{
		{subject: "Welcome", body: "This is sample mail. It is gone when the server ends.\n", flags: seen},
		{subject: "hello", body: "hello world\n"},
		{subject: "Grüße aus München", from: "=?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.de>", body: "Schöne Grüße!\n"},
		{subject: "会議の議事録", from: "=?iso-2022-jp?B?GyRCOzNFRBsoQiAbJEJCQE86GyhC?= <taro@example.jp>", body: "次回の会議は金曜日です。\n"},
		{subject: "Протокол встречи", from: "=?koi8-r?B?6dfBzs/X?= <ivanov@example.ru>",
			body: "Content-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: base64\n\n8NLJ18XULCDNydIhCg==\n"},
		{subject: "Καλημέρα", body: "Καλημέρα κόσμε\n"},
		{subject: "صباح الخير", body: "صباح الخير\n"},
		{subject: "周末去爬山吗", from: "=?gb18030?B?wO7D98P3?= <ming@example.cn>", body: "周末天气很好。\n", flags: []imap.Flag{imap.FlagFlagged}},
		{subject: "Réunion de jeudi", body: "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n=C0 jeudi, =E0 10 heures =\npr=E9cises.\n"},
		{subject: "Both forms", body: multipart("alternative", "alt", plain("The plain form."), html("The <b>other</b> form.")), flags: seen},
		{subject: "A table attached", body: multipart("mixed", "mix", plain("See the table."), attachment("text/csv", "people.csv", csv))},
		{subject: "A picture inside", body: multipart("related", "rel",
			html(`<img src="cid:dot">`), "Content-Type: image/png\nContent-ID: <dot>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\n"+png+"\n")},
		{subject: "Fwd: The mill", body: multipart("mixed", "outer", plain("See below."), forwarded), flags: []imap.Flag{imap.FlagSeen, imap.KeywordForwarded}},
		{subject: "Nested deeply", body: multipart("mixed", "one",
			multipart("mixed", "two", multipart("alternative", "three", plain("deep"), html("deep"))), plain("shallow"))},
		{subject: "Attachment with a long name", body: multipart("mixed", "mix",
			plain("RFC 2231 at work."),
			"Content-Type: application/octet-stream\nContent-Disposition: attachment;\n filename*0*=utf-8''%E3%81%A8%E3%81%A6%E3%82%82;\n filename*1*=%E9%95%B7%E3%81%84;\n filename*2=\".bin\"\nContent-Transfer-Encoding: base64\n\nAAEC\n")},
		{subject: "Undeliverable: hello", from: "MAILER-DAEMON@example.org", body: "Content-Type: multipart/report; report-type=delivery-status; boundary=\"rep\"\n\n" +
			"--rep\n" + plain("It could not be delivered.") + "\n--rep\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; nobody@example.net\nAction: failed\nStatus: 5.1.1\n\n--rep\nContent-Type: text/rfc822-headers\n\nSubject: hello\n\n--rep--"},
		{subject: "To a group", header: "Cc: Engineers: charles@example.net, =?utf-8?Q?Andr=C3=A9?= <andre@example.fr>;, undisclosed-recipients:;\r\n", body: "Groups are addresses too.\n"},
		{subject: "Lines that start with dots", body: ".\n..\n.hidden\nend\n"},
		{subject: strings.Repeat("A very long subject ", 12), body: "The subject is the message.\n"},
		{subject: "", body: "No subject at all.\n"},
		{subject: "An invitation", body: multipart("alternative", "cal", plain("Come to the demonstration."),
			"Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\nBEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nEND:VCALENDAR\n")},
		{subject: "Cheap watches", folder: "Junk", from: "Watches <watches@example.biz>", body: html("Buy now"), flags: []imap.Flag{imap.KeywordJunk}},
		{subject: "Re: hello", folder: "Sent", body: "hello yourself\n", flags: append(seen, imap.FlagAnswered), header: "In-Reply-To: <sample.2@example.org>\r\nReferences: <sample.2@example.org>\r\n"},
		{subject: "Not finished yet", folder: "Drafts", body: "Dear Charles,\n", flags: []imap.Flag{imap.FlagDraft, imap.FlagSeen}},
		{subject: "Old news", folder: "Trash", body: "Gone soon.\n", flags: seen},
		{subject: "Wörterbuch", folder: "Projects/Übersetzer", body: "Das Wörterbuch ist fertig.\n"},
	}
	for i := range 8 {
		all = append(all, sample{
			folder: "Projects/Analytical Engine", subject: fmt.Sprintf("Note %c", 'A'+i), flags: seen,
			header: fmt.Sprintf("List-Id: <notes.example.org>\r\nX-Note: %d\r\n", i),
			body:   fmt.Sprintf("Note %c of the memoir on the engine.\n\n%s\n", 'A'+i, strings.Repeat("The engine weaves algebraic patterns. ", 3+i)),
		})
	}
	// One that is worth a progress bar.
	all = append(all, sample{folder: "Archive", subject: "A large attachment", flags: seen,
		body: multipart("mixed", "big", plain("300 KiB of zeros."), attachment("application/octet-stream", "zeros.bin", wrap(base64.StdEncoding.EncodeToString(make([]byte, 300<<10)))))})
	return all
}

// wrap cuts base64 into lines of 76 characters.
func wrap(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s
}
