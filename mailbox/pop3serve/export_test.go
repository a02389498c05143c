package pop3serve

// Noted returns how many logins a server remembers.
func Noted(s *Server) int {
	s.logins.mu.Lock()
	defer s.logins.mu.Unlock()
	return len(s.logins.last)
}

// Locked returns how many maildrops a server holds of stores without leases.
func Locked(s *Server) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.locked)
}
