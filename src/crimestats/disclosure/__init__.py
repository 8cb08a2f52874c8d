"""Small figures hidden so that they stay hidden, and the attack that checks it."""
