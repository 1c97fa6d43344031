# Agreement of raters: psych's intraclass correlations and kappas, and the large-sample variance of
# weighted kappa written out from Fleiss, Cohen and Everitt (1969).
# Run in this folder: Rscript agreement.R
suppressMessages(library(psych))
library(jsonlite)

icc <- function(x, level) {
  found <- suppressMessages(suppressWarnings(ICC(x, missing = FALSE, alpha = 1 - level, lmer = FALSE)))$results
  list(ratings = unname(as.matrix(x)), conf_level = level,
       type = found$type, icc = found$ICC, f = found$F, df1 = found$df1, df2 = found$df2,
       p_one_sided = found$p, low = found[["lower bound"]], high = found[["upper bound"]])
}

anxiety <- read.csv("../data/irr_anxiety.csv")
set.seed(20261121)
subject <- rnorm(12)
normal <- round(outer(subject, c(0, .3, -.5, 1, .2), "+") + matrix(rnorm(60, sd = .8), 12), 3)
opposed <- cbind(c(1, 2, 3, 4, 5, 6, 7), c(6, 7, 4, 5, 2, 3, 1), c(3, 1, 7, 2, 6, 4, 5))
pairs <- cbind(c(9, 4, 7, 6, 8, 3, 5, 9), c(8, 5, 7, 4, 9, 3, 7, 9))

# Cohen (1960, table 1) and the weights of Cohen (1968, table 1), as psych's manual gives them
cohen <- matrix(c(88, 14, 18, 10, 40, 10, 2, 6, 12), 3, byrow = TRUE)
disagreement <- matrix(c(0, 1, 3, 1, 0, 6, 3, 6, 0), 3)

kappa_variance <- function(counts, w) {
  n <- sum(counts)
  p <- counts / n
  rows <- rowSums(p)
  columns <- colSums(p)
  pe <- sum(w * outer(rows, columns))
  kappa <- (sum(w * p) - pe) / (1 - pe)
  ends <- outer(drop(w %*% columns), drop(rows %*% w), "+")
  variance <- (sum(p * (w - ends * (1 - kappa))^2) - (kappa - pe * (1 - kappa))^2) / (n * (1 - pe)^2)
  list(kappa = kappa, variance = variance)
}
similarity <- function(k, power) 1 - (abs(outer(1:k, 1:k, "-")) / (k - 1))^power
anxiety_table <- table(factor(anxiety[[1]], 1:6), factor(anxiety[[2]], 1:6))

of_psych <- suppressWarnings(cohen.kappa(cohen, w = 1 - disagreement / 6))
result <- list(
  about = paste(R.version.string, "psych", packageVersion("psych")),
  icc = list(icc(anxiety, .95), icc(anxiety, .99), icc(normal, .9), icc(opposed, .95), icc(pairs, .8)),
  cohen = list(
    counts = cohen, disagreement = disagreement,
    kappa = of_psych$kappa, weighted = of_psych$weighted.kappa, variance = of_psych$var.kappa,
    weighted_variance_of_psych = of_psych$var.weighted,
    fleiss_cohen_everitt = kappa_variance(cohen, 1 - disagreement / 6)
  ),
  anxiety = list(
    unweighted = kappa_variance(anxiety_table, diag(6)),
    linear = kappa_variance(anxiety_table, similarity(6, 1)),
    quadratic = kappa_variance(anxiety_table, similarity(6, 2))
  )
)
write_json(result, "agreement.json", auto_unbox = TRUE, digits = NA, pretty = TRUE)
