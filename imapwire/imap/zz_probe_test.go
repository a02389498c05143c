package imap_test
import ("testing";"time";"github.com/mailwire/mailwire/imapwire/imap")
func TestProbe(t *testing.T){
 for _,w:=range []string{"&AP\nw-","&\r\n-","&AOk\r-"}{ n,err:=imap.DecodeMailbox(w,false); t.Logf("%q -> %q %v",w,n,err)}
 t.Logf("%q %q", imap.EncodeMailbox("a\xff\xfeb",false), imap.EncodeMailbox("a\xff\xfeb",true))
 lmt:=time.Date(2026,1,1,0,0,0,0,time.FixedZone("",3208))
 s:=string(imap.AppendDateTime(nil,lmt)); u,_:=imap.ParseDateTime(s[1:27]); t.Log(s,u.Equal(lmt))
 for _,x:=range []time.Time{time.Date(12000,2,29,0,0,0,0,time.UTC), time.Date(-4,2,29,0,0,0,0,time.UTC),time.Date(2026,1,1,0,0,0,0,time.FixedZone("",100*3600))}{
 s:=string(imap.AppendDateTime(nil,x)); u,err:=imap.ParseDateTime(s[1:len(s)-1]); t.Log(s,u,err,u.Equal(x))}
 t.Logf("%q %q", imap.Flag("\xff").Fold(), imap.Flag("\xfe").Fold())
 t.Log(imap.Date{2026,13,-5}, imap.Date{2026,1,105}, imap.Date{Year:1, Month:40}.Compare(imap.Date{Year:3,Month:1,Day:1}))
 m,_:=imap.Capability("AUTH=ſ").AuthMechanism(); t.Logf("%q",m)
}
