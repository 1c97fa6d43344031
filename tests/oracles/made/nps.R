# Net Promoter Scores: paired difference (t.test), MOVER difference of two Tango intervals, and a
# Dirichlet-multinomial fitted by maximum likelihood (VGAM). Run from this folder:
#   Rscript nps.R
suppressPackageStartupMessages({library(VGAM); library(jsonlite)})

category <- function(x) (x >= 9) - (x <= 6)

first <- c(10, 9, 8, 3, 6, 7, 10, 9, 9, 0, 10, 8, 7, 9, 5)
second <- c(9, 3, 8, 8, 2, 7, 5, 9, 10, 4, 7, 6, 7, 9, 9)
paired <- t.test(100 * category(first), 100 * category(second), paired = TRUE)

# Tango's interval of one score, from the likelihood itself: the share of detractors that
# maximizes it for a given difference is found numerically
restricted_variance <- function(d, m, p, delta) {
  loglik <- function(q) {
    term <- function(k, share) if (k == 0) 0 else k * log(max(share, 1e-300))
    term(d, q) + term(p, q + delta) + term(m, 1 - 2 * q - delta)
  }
  range <- c(max(0, -delta), (1 - delta) / 2)
  q <- optimize(loglik, range, maximum = TRUE, tol = 1e-14)$maximum
  # the ends of the range may be the maximum
  ends <- sapply(range, loglik)
  if (max(ends, na.rm = TRUE) >= loglik(q)) q <- range[which.max(ends)]
  2 * q + delta - delta^2
}
tango <- function(counts, z = qnorm(.975)) {
  d <- counts[1]; m <- counts[2]; p <- counts[3]; n <- sum(counts); net <- (p - d) / n
  excess <- function(delta) (net - delta)^2 * n - z^2 * restricted_variance(d, m, p, delta)
  low <- if (d == n) -1 else uniroot(excess, c(-1 + 1e-12, net - 1e-7), tol = 1e-13)$root
  high <- if (p == n) 1 else uniroot(excess, c(net + 1e-7, 1 - 1e-12), tol = 1e-13)$root
  c(low, high)
}
mover <- function(a, b) {
  one <- (a[3] - a[1]) / sum(a); other <- (b[3] - b[1]) / sum(b)
  la <- tango(a); lb <- tango(b)
  100 * (one - other + c(
    -sqrt((one - la[1])^2 + (lb[2] - other)^2), sqrt((la[2] - one)^2 + (other - lb[1])^2)))
}
pairs <- list(
  list(first = c(2, 4, 9), second = c(5, 3, 2)), list(first = c(1, 1, 6), second = c(2, 3, 3)),
  list(first = c(3, 5, 12), second = c(8, 6, 16)))
differences <- lapply(pairs, function(x) c(x, list(conf = mover(x$first, x$second))))

teams <- rbind(c(1, 1, 6), c(4, 3, 1), c(0, 2, 6), c(2, 2, 5), c(5, 2, 0), c(1, 3, 5),
               c(0, 1, 8), c(3, 3, 3), c(2, 4, 2), c(0, 0, 7))
fit <- vglm(teams ~ 1, dirmultinomial, epsilon = 1e-12, maxit = 200)
correlation <- 1 / (1 + exp(-coef(fit)[["(Intercept):3"]]))
shares <- as.vector(fitted(fit)[1, ])
alpha <- shares * (1 / correlation - 1)
posterior <- sweep(teams, 2, alpha, "+") / (rowSums(teams) + sum(alpha))

out <- list(
  about = list(R = R.version.string, VGAM = as.character(packageVersion("VGAM"))),
  paired = list(first = first, second = second, estimate = unname(paired$estimate),
                std_error = paired$stderr, p = paired$p.value, conf = as.vector(paired$conf.int)),
  differences = differences,
  dirichlet_multinomial = list(
    teams = teams, correlation = correlation, shares = shares,
    posterior_nps = 100 * (posterior[, 3] - posterior[, 1])))
write(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), "nps.json")
