module github.com/mailwire/mailwire/examples/compare

go 1.26.0

require github.com/mailwire/mailwire v0.0.0

replace github.com/mailwire/mailwire => ../..
