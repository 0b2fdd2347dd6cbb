"""How work is done safely: whole files or none, manifests of finished units, outcomes, worker processes."""
