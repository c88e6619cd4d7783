"""Messages: written in the transaction of what they tell (`messagerie`, `redaction`), sent by a job (`envoi`)."""
