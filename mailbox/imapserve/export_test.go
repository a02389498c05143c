package imapserve

// Watching returns how many sessions are woken for their user's quota.
func (s *Server) Watching() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sessions := range s.users {
		n += len(sessions)
	}
	return n
}
