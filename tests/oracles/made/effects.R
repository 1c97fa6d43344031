# Effect sizes, adjusted p-values and power of a two-group t test, from R's reference packages.
# Run from this folder: Rscript effects.R
suppressMessages({
  library(jsonlite)
  library(metafor)
  library(effectsize)
})

# limits of the noncentrality by a bracketed root, to full precision (effectsize minimizes an
# absolute value, which gives four to seven digits); pt warns far out, where only the sign counts
limits <- function(t, df, level) {
  tail <- (1 - level) / 2
  at <- function(p) {
    uniroot(function(x) suppressWarnings(pt(t, df, x)) - p, c(t - 30, t + 30), tol = 1e-13, maxiter = 10000)$root
  }
  c(at(1 - tail), at(tail))
}

groups <- list(
  tiny = list(x = c(12, 15), y = c(9, 10), level = .95),
  small = list(x = c(3.1, 4.7, 2.2, 6.0, 5.5), y = c(2.9, 1.1, 3.3, 2.0), level = .95),
  reversed = list(x = c(1, 2, 2, 4, 3, 1), y = c(5, 7, 4, 8, 6, 9, 5), level = .90),
  uneven = list(
    x = c(101, 99, 130, 87), level = .80,
    y = c(100, 95, 92, 88, 110, 104, 97, 93, 90, 99, 101, 106)
  )
)
standardized <- lapply(groups, function(g) {
  n1 <- length(g$x); n2 <- length(g$y); df <- n1 + n2 - 2
  test <- t.test(g$x, g$y, var.equal = TRUE)
  welch <- t.test(g$x, g$y)
  smd <- escalc("SMD", m1i = mean(g$x), sd1i = sd(g$x), n1i = n1,
                m2i = mean(g$y), sd2i = sd(g$y), n2i = n2)
  size <- sqrt(1 / n1 + 1 / n2)
  J <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
  dsize <- sqrt(var(g$x) / var(g$y) / n1 + 1 / n2)
  published <- hedges_g(g$x, g$y, ci = g$level)
  glass <- glass_delta(g$x, g$y, ci = g$level)
  list(
    treated = g$x, comparison = g$y, conf_level = g$level,
    g_metafor = as.numeric(smd$yi), t = unname(test$statistic), p = test$p.value,
    g_limits = J * size * limits(unname(test$statistic), df, g$level),
    g_effectsize = c(published$Hedges_g, published$CI_low, published$CI_high),
    delta = glass$Glass_delta,
    delta_limits = dsize * limits(unname(welch$statistic), n2 - 1, g$level),
    delta_effectsize = c(glass$CI_low, glass$CI_high)
  )
})

tables <- list(c(0, 20, 5, 25), c(8, 8, 5, 9), c(3, 9, 0, 7), c(30, 60, 45, 60), c(1, 4, 2, 5))
odds <- lapply(tables, function(t) {
  or <- escalc("OR", ai = t[1], n1i = t[2], ci = t[3], n2i = t[4], add = 1 / 2, to = "only0")
  list(events_treated = t[1], n_treated = t[2], events_comparison = t[3], n_comparison = t[4],
       log_odds_ratio = as.numeric(or$yi), std_error = sqrt(as.numeric(or$vi)))
})

set.seed(20261121)
families <- list(runif(7), round(runif(12), 1), c(runif(4)^3, NA, runif(3), NA), .04, c(1, 1, 0))
adjusted <- lapply(families, function(p) {
  list(p = p, BH = p.adjust(p, "BH"), holm = p.adjust(p, "holm"))
})

tests <- list(
  list(n = 5, delta = 1.5, alpha = .05, alternative = "two.sided"),
  list(n = 20, delta = .5, alpha = .05, alternative = "two.sided"),
  list(n = 125, delta = .356, alpha = .05, alternative = "two.sided"),
  list(n = 12, delta = .8, alpha = .10, alternative = "one.sided"),
  list(n = 3, delta = 3, alpha = .01, alternative = "two.sided")
)
power <- lapply(tests, function(s) {
  at <- power.t.test(n = s$n, delta = s$delta, sig.level = s$alpha, alternative = s$alternative,
                     strict = TRUE)
  mde <- power.t.test(n = s$n, power = .8, sig.level = s$alpha, alternative = s$alternative,
                      strict = TRUE, tol = 1e-12)
  size <- power.t.test(delta = s$delta, power = .8, sig.level = s$alpha,
                       alternative = s$alternative, strict = TRUE, tol = 1e-10)
  c(s, list(power = at$power, detectable = mde$delta, n_per_arm = size$n))
})

write_json(
  list(
    about = list(
      R = R.version$major, minor = R.version$minor,
      metafor = as.character(packageVersion("metafor")),
      effectsize = as.character(packageVersion("effectsize"))
    ),
    standardized = standardized, odds = odds, adjusted = adjusted, power = power
  ),
  "effects.json", digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"
)
