"""What `logctl provision` deploys: the template, its policies, the code bundle, change sets."""
